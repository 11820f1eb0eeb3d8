"""The record: what a store keeps about a task beside its envelope and outcome. Format 1.

A NamedTuple, because `_replace` on one takes a tenth of what a frozen dataclass takes. Stores of
later formats may hold more fields: they are kept where they are and not read.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from .constants import MAX_PRIORITY, SEQ_BITS
from .states import TERMINAL, UNSTARTED, Status

FORMAT = 1
"""Raised only when scheduling or signatures change; see `errors.StoreVersion`."""


class Record(NamedTuple):
    """One task as its store knows it. Times are seconds since 1970 by the store's clock."""

    id: str
    queue: str
    status: Status = Status.WAITING
    lane: str = ""
    """What a worker must have to run it; see `lane_of`."""
    seq: int = 0
    """Push order in the store, from 1; the store gives it."""
    rank: int = 0
    """Order in its line: priority and push order in one integer; the store gives it."""
    priority: int = 0

    origin: str = ""
    """The id under which its envelope is signed and stored: its own, or its first ancestor's."""
    parent: str | None = None
    """The task that it is a retry of."""
    session: str | None = None
    """Who pushed it: the id of a `Presence`."""
    group: str | None = None
    name: str | None = None
    """Only what the user gave."""
    label: str = ""
    """What to show: the name, else the function's."""
    call_key: str | None = None
    """Equal for equal calls; None when the call cannot be digested."""

    created: float = 0.0
    due: float | None = None
    """Not before; for DELAYED and RETRYING, and kept while BLOCKED."""
    expires: float | None = None
    keep: float | None = None
    """Seconds after its end for which retention leaves it alone."""
    started: float | None = None
    """When the newest try was claimed."""
    finished: float | None = None

    held: bool = False
    open_deps: int = 0
    retries: int = 0
    """Tries that remain after this one."""
    attempts: int = 0
    """Tries begun, lost ones included; what a worker gave back unstarted does not count."""
    losses: int = 0
    """Workers that died under it."""
    alone: bool = False
    """To be claimed by itself: it was in a batch whose worker died."""
    begun: bool = False
    """Claimed by itself, or reported started: when its worker dies, it is lost."""
    on_lost: str | None = None
    """"retry", "fail" or None: fail where a kernel's threads ran it, retry elsewhere."""

    claim: str | None = None
    """The newest claim's id, 128 random bits in hex; kept after settling: a repeat is known."""
    settled: str | None = None
    """The claim that settled or released last."""
    worker: str | None = None
    """The `Presence` that holds or held the claim."""

    cancel_at: float | None = None
    cancel_by: str | None = None
    cancel_step: str | None = None

    reason: str | None = None
    """Why it ended without success: a `Reason`."""
    error: str | None = None
    """That in one line."""
    progress: str | None = None
    """JSON: {"done": n, "total": n, "message": text}."""
    metrics: str | None = None
    """JSON: {name: [[seconds, value], ...]}."""
    peak_memory: int | None = None
    """Bytes that the process of the newest try held at most; None where tasks share a process."""
    checkpoint: str | None = None
    """The task whose checkpoint it goes on from: its own, or the one that it is a retry of."""
    limit: str | None = None
    """How many tasks may run at once that name the same: "2:api"; see `limit_of`."""
    needs: str | None = None
    """What a worker must have for it: "gpu=1,memory=16000000000"; a part of its lane too."""

    version: int = 0
    """The change of the store that touched it last; see `Backend.changes`."""

    tags: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    refs: tuple[str, ...] = ()
    """Blobs that its call needs."""

    @property
    def done(self) -> bool:
        return self.status in TERMINAL

    @property
    def canceling(self) -> bool:
        """It runs, and was asked to stop."""
        return self.status is Status.RUNNING and self.cancel_at is not None

    @property
    def outcome_claim(self) -> str | None:
        """The only claim whose outcome counts, once it has succeeded: that of another is an older
        one, which somebody has put back. None: that of any try."""
        return self.settled if self.status is Status.SUCCESS else None

    @property
    def unstarted(self) -> bool:
        return self.status in UNSTARTED


class Reason:
    """Why a task ended as it did, for `Record.reason`."""

    ERROR = "error"
    CANCELED = "canceled"
    UNCONFIRMED = "unconfirmed"
    """Canceled, but its worker was lost before it said that the code had stopped."""
    DEPENDENCY = "dependency"
    TIMEOUT = "timeout"
    LOST = "lost"
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"


def rank_of(priority: int, seq: int) -> int:
    """The order in a line: higher priority first, then push order; within 53 bits.

    >>> rank_of(1, 7) < rank_of(0, 3) < rank_of(0, 4)
    True
    """
    return (MAX_PRIORITY - priority) << SEQ_BITS | seq


def lane_of(python: str, key_id: str, run_in: str | None = None, needs: str = "") -> str:
    """The hard requirements of a task as one short string.

    >>> lane_of("3.11", "a1b2c3d4")
    '3.11/a1b2c3d4/any/'
    """
    return f"{python}/{key_id}/{run_in or 'any'}/{needs}"


def needs_in(lane: str) -> str:
    """What the tasks of a lane need, as a text; "" for nothing.

    >>> needs_in(lane_of("3.11", "a1b2c3d4", needs="gpu=1"))
    'gpu=1'
    """
    return lane.split("/", 3)[3] if lane.count("/") > 2 else ""


def place_of(lane: str) -> str | None:
    """Where the tasks of a lane must run: "thread", "process", or None for either.

    >>> place_of(lane_of("3.11", "a1b2c3d4", "process"))
    'process'
    """
    place = lane.split("/", 3)[2] if lane.count("/") > 1 else "any"
    return place if place in ("thread", "process") else None


def limit_text(limit: Sequence[Any] | None) -> str | None:
    """How a record holds a limit.

    >>> limit_text(("api", 2))
    '2:api'
    """
    return None if limit is None else f"{limit[1]}:{limit[0]}"


def limit_of(limit: str) -> tuple[str, int]:
    """The name that a limit is about, and how many tasks that name it may run at once.

    >>> limit_of("2:api")
    ('api', 2)
    """
    number, _, name = limit.partition(":")
    return name, int(number)


def status_when_free(record: Record, now: float) -> Status:
    """Where an unstarted task stands by its dependencies, its hold and its time."""
    if record.held or record.open_deps:
        return Status.BLOCKED
    if record.due is not None and record.due > now:
        return Status.RETRYING if record.attempts else Status.DELAYED
    return Status.WAITING
