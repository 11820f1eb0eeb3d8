"""What the verbs of a store are told and answer: plain values, without anything to do."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Self

from ..record import Record
from ..states import Status


class Push(NamedTuple):
    """A task to store."""

    record: Record
    """Of its fields the store sets seq, rank, status, open_deps, created and version itself."""
    envelope: bytes | None
    """None for a retry: the envelope of `record.origin` serves it."""
    reuse: bool = False
    """Prefer a task of the same queue and `call_key` that has not failed and was not canceled."""


class Claimed(NamedTuple):
    """A task and the right to run it: `record.claim` fences everything that follows."""

    record: Record
    envelope: bytes


class Settlement(NamedTuple):
    """How a try ended."""

    task_id: str
    claim: str
    status: Status
    """SUCCESS, FAILED, CANCELED, or RETRYING for a failed try that has another."""
    retries: int
    """What remains after this try; hooks may have changed it."""
    outcome: bytes | None = None
    reason: str | None = None
    error: str | None = None
    due: float | None = None
    """With RETRYING: not before."""
    progress: str | None = None
    """None leaves it as it is; so with the metrics."""
    metrics: str | None = None
    log: bytes = b""
    """Output since the last beat, to append."""
    peak_memory: int | None = None
    lost: bool = False
    """The process that ran it died by itself. `status` is FAILED, which is how it ends when it is
    not to be run again."""
    refs: tuple[str, ...] = ()
    """Blobs that its outcome needs."""


class Beat(NamedTuple):
    """What a worker tells of a task that it holds. None leaves a field as it is."""

    task_id: str
    claim: str
    begun: bool = False
    """User code may have started: from now on the death of the worker loses this task."""
    progress: str | None = None
    metrics: str | None = None
    cancel_step: str | None = None
    log: bytes = b""


class Answer(StrEnum):
    """What the store says to the holder of a claim."""

    DONE = "done"
    """Settled or released; also when it had been before, by the same claim."""
    KEPT = "kept"
    """The claim stands; go on."""
    CANCEL = "cancel"
    """The claim stands, and somebody asked for the task to stop."""
    KILL = "kill"
    """That, and without waiting for its code."""
    LOST = "lost"
    """The claim is not yours any more: stop, and drop what you have."""


class Presence(NamedTuple):
    """A process that pushes or runs tasks, as registered in the store.

    `lock` is a file on `host` that the process holds an OS lock on while it lives (see
    `liveness`); `boot` is that host's boot id.
    """

    id: str
    kind: Literal["session", "worker"]
    name: str = ""
    host: str = ""
    boot: str = ""
    lock: str = ""
    pid: int = 0
    python: str = ""
    kernel: bool = False
    """User code runs in threads of a notebook's kernel: what dies there is not run again."""
    lease: float = 120.0
    started: float = 0.0
    renewed: float = 0.0
    queues: tuple[str, ...] = ()
    """("*",) for every queue."""
    lanes: tuple[str, ...] = ()
    slots: int = 0
    has: str = ""
    """What it has for tasks with needs, as a lane names them (`needs.text_of`)."""
    draining: bool = False
    """It takes nothing more, and ends once what it runs has ended."""

    @classmethod
    def of(cls, values: Sequence[Any]) -> Self:
        """The presence that a store kept as a JSON list; what this version does not know is left
        out, and what it does not find is the default.

        Raises:
            TypeError, ValueError: it is none.

        >>> Presence.of(["w", "worker", "lab-1"]).name
        'lab-1'
        """
        known = dict(zip(cls._fields, values, strict=False))
        for several in ("queues", "lanes"):
            known[several] = tuple(known.get(several, ()))
        return cls(**known)


class Filter(NamedTuple):
    """Which records; every field that is given must hold."""

    status: frozenset[Status] | None = None
    queue: str | None = None
    name: str | None = None
    tag: str | None = None
    worker: str | None = None
    session: str | None = None
    group: str | None = None
    call_key: str | None = None


EVERYTHING = Filter()
"""Every record."""


class Page(NamedTuple):
    records: list[Record]
    next: int | None
    """Pass it as `after` for the following page; None when this was the last."""


class Changes(NamedTuple):
    records: list[Record]
    """Each changed record once, as it stands now, oldest change first."""
    cursor: int
    """Pass it to the next call."""
    reset: bool
    """Records were removed, or the cursor is not of this store: list anew."""


class Ending(NamedTuple):
    """A task that has ended, as whoever waits for it is told."""

    record: Record
    outcome: bytes | None = None
    """Where it came along."""
