"""The state machine of a task: one table that every backend is held to.

A status says where a task stands, an event what happens to it, and `TRANSITIONS` which statuses
may follow. A pair that is not in the table changes nothing.

>>> from gator_nb.states import Event, Status, TRANSITIONS
>>> [str(status) for status in TRANSITIONS[Status.WAITING, Event.CLAIM]]
['running']
"""

from enum import Enum, IntEnum

__all__ = [
    "BLOCKED",
    "CANCELED",
    "DELAYED",
    "FAILED",
    "RETRYING",
    "RUNNING",
    "SUCCESS",
    "TERMINAL",
    "TRANSITIONS",
    "UNSTARTED",
    "WAITING",
    "Event",
    "Status",
    "status_of",
]


class Status(IntEnum):
    """Where a task stands. The first six have alligator's numbers; `str()` is the word.

    >>> str(Status.RUNNING), int(Status.RUNNING)
    ('running', 6)
    """

    WAITING = 0
    """Ready. A worker's claim moves it on; it survives what its store survives."""
    SUCCESS = 1
    """Done, with a result. Final."""
    FAILED = 2
    """Done, with an error. Final; running it again makes a new task."""
    DELAYED = 3
    """Not before a time. Any claim or reap after that time moves it on."""
    RETRYING = 4
    """A try failed and another comes. Moved on like DELAYED."""
    CANCELED = 5
    """Stopped, or never started. Final."""
    RUNNING = 6
    """Claimed. The holder of the claim settles it; when the holder dies, a reaper moves it on."""
    BLOCKED = 7
    """Waits for other tasks, or is held. The last dependency's settle, or a person, moves it on."""

    def __str__(self) -> str:
        return self.name.lower()

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


WAITING, SUCCESS, FAILED, DELAYED, RETRYING, CANCELED, RUNNING, BLOCKED = Status

UNSTARTED = frozenset({WAITING, DELAYED, RETRYING, BLOCKED})
"""Not running and not final: what `len(gator)` counts."""

TERMINAL = frozenset({SUCCESS, FAILED, CANCELED})
"""Never changed again."""


def status_of(word: "Status | str | int") -> Status:
    """The status for a word, a number or a status.

    Raises:
        ValueError: nothing is called that; the text lists what is.

    >>> status_of("failed")
    <Status.FAILED: 2>
    """
    try:
        return Status[word.upper()] if isinstance(word, str) else Status(word)
    except (KeyError, ValueError):
        known = ", ".join(str(status) for status in Status)
        raise ValueError(f"no status is called {word!r}; there are {known}") from None


class Event(Enum):
    """What can happen to a task, and who makes it happen."""

    PUSH = "a client stores it"
    UNBLOCK = "its last open dependency succeeded"
    DEPENDENCY_FAILED = "a task that it waits for failed or was canceled"
    DUE = "its time has come; a claim or a reap notices"
    HOLD = "a person or a returning notebook holds it"
    UNHOLD = "a person lets a held one go on"
    CLAIM = "a worker takes it"
    SUCCEED = "the holder of the claim settles it with a result"
    FAIL = "the holder settles it with an error"
    RETRY = "the holder settles a failed try that has another"
    STOP = "the holder settles it as canceled: its code has stopped"
    RELEASE = "the holder gives back what has not begun or has stopped"
    LOSE = "a reaper found its holder dead"
    CANCEL = "a person cancels it"
    EXPIRE = "it was not started in time; a claim or a reap notices"


_FREE = frozenset({WAITING, DELAYED, BLOCKED})

TRANSITIONS: dict[tuple[Status | None, Event], frozenset[Status]] = {
    (None, Event.PUSH): _FREE,
    (BLOCKED, Event.UNBLOCK): frozenset({WAITING, DELAYED}),
    (BLOCKED, Event.DEPENDENCY_FAILED): frozenset({FAILED}),
    (DELAYED, Event.DUE): frozenset({WAITING}),
    (RETRYING, Event.DUE): frozenset({WAITING}),
    (WAITING, Event.HOLD): frozenset({BLOCKED}),
    (DELAYED, Event.HOLD): frozenset({BLOCKED}),
    (RETRYING, Event.HOLD): frozenset({BLOCKED}),
    (BLOCKED, Event.UNHOLD): frozenset({WAITING, DELAYED, RETRYING, BLOCKED}),
    (WAITING, Event.CLAIM): frozenset({RUNNING}),
    (RUNNING, Event.SUCCEED): frozenset({SUCCESS}),
    (RUNNING, Event.FAIL): frozenset({FAILED}),
    # A retry that a cancel has overtaken is not wanted any more.
    (RUNNING, Event.RETRY): frozenset({RETRYING, CANCELED}),
    (RUNNING, Event.STOP): frozenset({CANCELED}),
    (RUNNING, Event.RELEASE): frozenset({WAITING, CANCELED}),
    (RUNNING, Event.LOSE): frozenset({WAITING, FAILED, CANCELED}),
    # Asked to stop, not stopped: the holder of the claim says when.
    (RUNNING, Event.CANCEL): frozenset({RUNNING}),
    **{(status, Event.CANCEL): frozenset({CANCELED}) for status in UNSTARTED},
    **{(status, Event.EXPIRE): frozenset({FAILED}) for status in UNSTARTED},
}
"""Which statuses may follow a status at an event. `None` is a task that is not there yet."""
