"""The contract between gator_nb and a store. These docstrings are its specification, and
`tests/contract` holds every backend to them.

A backend moves opaque bytes and plain fields. It never unpickles, never verifies, never runs
anything; it schedules. Every verb is one atomic step of the store: all of it happens, or nothing.
Verbs may be called from any thread. Times are seconds since 1970 by `Backend.now()`.

Every verb raises `StoreUnavailable` when the store cannot be reached or written (full, read-only,
gone) and `StoreCorrupt` when a row is not what gator_nb writes; neither is ever an empty answer.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import ClassVar

from ..errors import TaskNotFound
from ..masking import masked
from ..record import Record
from ..states import Status
from .blobs import Blobs
from .listening import Listener, OnEnds, Topic
from .values import (
    EVERYTHING,
    Answer,
    Beat,
    Changes,
    Claimed,
    Ending,
    Filter,
    Page,
    Presence,
    Push,
    Settlement,
)

__all__ = [
    "EVERYTHING",
    "Answer",
    "Backend",
    "Beat",
    "Blobs",
    "Changes",
    "Claimed",
    "Ending",
    "Filter",
    "Listener",
    "OnEnds",
    "Page",
    "Presence",
    "Push",
    "Settlement",
    "Topic",
]


def _those_there(read: Callable[[str], bytes | None], ids: Iterable[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for task_id in ids:
        with suppress(TaskNotFound):
            data = read(task_id)
            if data is not None:
                found[task_id] = data
    return found


class Backend(ABC):
    """One store. `Backend(conn_string)` opens it and creates it where there is none.

    Attributes:
        conn_string: the address as it may be shown.
        address: the address that opens it again, with a password where there is one; never shown.
        durability: one sentence: what an acknowledged push survives.
        persistent: other processes can see it.
        patience: seconds that a verb goes on trying while the store cannot be reached.
        closed: `close` was called: nothing more can be told or asked here.
        blobs: the large values in it.
    """

    conn_string: str = ""
    durability: str
    persistent: ClassVar[bool]
    patience: float = 0.0
    closed: bool = False
    blobs: Blobs

    def __init__(self, conn_string: str) -> None:
        self.conn_string, self.address = masked(conn_string), conn_string

    @abstractmethod
    def now(self) -> float:
        """The store's time, by which due times, expiries and leases are judged."""

    # -- what clients do -------------------------------------------------------------------

    @abstractmethod
    def put(self, pushes: Sequence[Push], *, claimed_by: str | None = None) -> list[Record]:
        """Store tasks, all or none, and answer with the record of each.

        A task is WAITING, or DELAYED when `due` lies ahead, or BLOCKED while it is held or a task
        of `depends_on` has not succeeded. Dependencies may be earlier pushes of the same call.
        One whose dependency has failed or was canceled is stored and fails at once
        (`Reason.DEPENDENCY`).

        - The same id again, with an equal `call_key` (not None) or the very same envelope: the
          task that is there is answered, unchanged.
        - `reuse` and an equal `call_key` in the same queue, newest first, that is neither FAILED
          nor CANCELED: that task is answered, under its own id.
        - `claimed_by` (a presence): what is new starts out RUNNING and claimed, by itself,
          whatever its due time or hold.

        Raises:
            TaskExists: the id is there with another call; the text names what differs.
            DependencyError: a dependency is unknown, or is the task itself; or `claimed_by` with
                an open dependency.
            TaskRunning: `claimed_by`, and its limit is full.
            TaskNotFound: a retry brings no envelope, and that of its origin is gone.
            BlobMissing: a blob of its `refs` is not complete.
            PayloadTooLarge: the store cannot take an envelope of that size.
            GatorError: the queue would have unfinished tasks in more than `MAX_LANES` lanes, the
                tasks of each limit counted as a lane of their own.
        """

    @abstractmethod
    def cancel(
        self, ids: Iterable[str], by: str, *, force: bool = False, unstarted_only: bool = False
    ) -> list[Record]:
        """Cancel what has not started; ask what is running to stop, or leave it alone with
        `unstarted_only`; leave alone what has ended.

        Asking sets `cancel_at` and `cancel_by` once and wakes "work"; the holder of the claim is
        told by `renew`. With `force` its `cancel_step` becomes FORCED, and stays so.
        Tasks that depend on a canceled one fail, save those that are named themselves: they are
        canceled.

        Raises:
            TaskNotFound: an id is unknown; nothing was canceled.
        """

    @abstractmethod
    def pause(self, queue: str, *, on: bool = True) -> None:
        """Hand out no task of `queue`, those to come included, until it is called with `on` False.

        What runs goes on, and `claim_task` and `claimed_by` take a task all the same.
        """

    @abstractmethod
    def paused(self) -> set[str]:
        """The queues that are paused, whether they have tasks or not."""

    @abstractmethod
    def hold(self, queue: str, *, spare: Iterable[str] = ()) -> int:
        """Hold the unstarted tasks of `queue` that a session pushed, save those of the sessions in
        `spare`; answers how many.

        Held tasks are BLOCKED until `unhold`. A task BLOCKED by dependencies is held too.
        """

    @abstractmethod
    def unhold(self, queue: str) -> int:
        """Let every held task of `queue` go on where it stood; answers how many."""

    # -- what workers do -------------------------------------------------------------------

    @abstractmethod
    def claim(
        self, worker: str, queues: Sequence[str] | None, lanes: Sequence[str], limit: int
    ) -> list[Claimed]:
        """Take up to `limit` ready tasks for `worker`, by rank, out of the lanes it serves.

        First promotes due DELAYED and RETRYING tasks and fails expired ones, a bounded number a
        call; an expired one that is left over is not handed out. `queues` None is every queue;
        between queues with ready tasks it is round robin from call to call, and one call takes
        from one queue, none that is paused. A task that is `alone` is only ever claimed by itself.
        A claim counts the try, sets `started`, clears the last try's progress, and gives each task
        a claim id of its own; claimed by itself, a task is `begun` at once.

        A task with a `limit` is passed over while as many tasks as its own number says are RUNNING
        and name the same, in the whole store. It waits in its place, and is ready when one of
        these stops running, which wakes "work".

        The cost grows neither with what is stored nor with what a limit keeps waiting.
        """

    @abstractmethod
    def lanes(self, queues: Sequence[str] | None) -> set[str]:
        """The lanes in which these queues (None: every one) have tasks that are WAITING, save the
        paused queues; what a limit keeps waiting counts. The cost grows with the lanes alone."""

    @abstractmethod
    def claim_task(self, worker: str, task_id: str) -> Claimed | Record:
        """Take this very task, whatever its lane, due time or hold, which are over with that; a
        finished one is answered as its record, untouched, an expired one as it has failed.

        Raises:
            TaskNotFound
            TaskRunning: it runs, or others do that fill its limit.
            DependencyError: an open dependency is named.
        """

    @abstractmethod
    def renew(self, worker: str, beats: Sequence[Beat]) -> list[Answer]:
        """Renew the lease of `worker` and tell of its tasks.

        A task that was taken from this claim and waits again is adopted: unless somebody else has
        claimed it since, it is running on as if its holder had never been silent, and the loss
        does not count. `settle` and `save` do the same. A full limit is in the way.

        Answers KEPT, CANCEL, KILL or LOST for each.
        """

    @abstractmethod
    def settle(self, settlements: Sequence[Settlement]) -> list[Answer]:
        """End tries: DONE or LOST for each.

        The claim is compared in the store. The same claim again is DONE and changes nothing.
        RETRYING for a task that was asked to stop is CANCELED. SUCCESS readies the tasks that
        waited for this one alone; FAILED and CANCELED fail them, and theirs. A result that wins
        against a cancel stays.

        One that is `lost` is counted in `losses` and waits again, `alone` from then on; it ends as
        told, with `Reason.LOST`, after `MAX_LOSSES` or where `on_lost` says "fail", and is
        CANCELED when it was asked to stop.

        A try that is DONE gives its task the blobs in `refs`, besides those that it owned before.
        """

    @abstractmethod
    def held(self, worker: str) -> list[tuple[str, str]]:
        """The (task id, claim) pairs of what `worker` runs by the store's word. A reply that was
        lost, or a store that has gone back to an older state, gives it what it does not know of."""

    @abstractmethod
    def save(self, task_id: str, claim: str, data: bytes) -> Answer:
        """Keep a checkpoint of a running task in place of the last one; its record's `checkpoint`
        becomes its id. Answers KEPT, CANCEL, KILL or LOST.

        Raises:
            PayloadTooLarge: the store cannot take data of that size.
        """

    @abstractmethod
    def release(self, claims: Sequence[tuple[str, str]]) -> list[Answer]:
        """Give back (task id, claim) pairs whose code has not begun or has stopped: DONE or LOST.

        The task waits again in its old place and the try does not count; one that was asked to
        stop is CANCELED.
        """

    @abstractmethod
    def reap(self, dead: Iterable[str] = (), living: Iterable[str] = ()) -> list[Record]:
        """Take their claims from presences that are `dead`, or whose lease has ended. Who is known
        to be `living` needs no lease: a lock that is held says more.

        A task that is `begun` is lost: `losses` counts it, and it waits again, or is FAILED with
        `Reason.LOST` after `MAX_LOSSES` or where `on_lost` says "fail" (None: when the presence
        was a `kernel`). One that is not begun waits again uncounted. Either is `alone` from then
        on. One that was asked to stop is CANCELED with `Reason.UNCONFIRMED`.

        Nothing is taken by lease for one lease after this backend connected, nor after the store
        came up, nor while the store shows the lease renewed. Expired tasks are failed, due ones
        promoted, a bounded number a call. Answers the records that it took claims from.
        """

    # -- who is there ----------------------------------------------------------------------

    @abstractmethod
    def register(self, presence: Presence) -> None:
        """Store or replace a presence; `renewed` becomes now."""

    @abstractmethod
    def unregister(self, presence_id: str) -> None:
        """Forget a presence. What it still holds is as if its lease had ended: the next `reap`
        takes it."""

    @abstractmethod
    def presences(self) -> list[Presence]:
        """Everyone registered, oldest first."""

    @abstractmethod
    def worker_names(self) -> dict[str, str]:
        """The names by id of all that are registered and have one, and of the `NAMES_KEPT` that
        left last."""

    # -- reading ---------------------------------------------------------------------------

    @abstractmethod
    def get(self, ids: Sequence[str]) -> list[Record | None]:
        """The records of these ids, None where there is none."""

    @abstractmethod
    def envelope(self, task_id: str) -> bytes:
        """The envelope that serves a task (its origin's).

        Raises:
            TaskNotFound
        """

    @abstractmethod
    def outcome(self, task_id: str) -> bytes | None:
        """The newest outcome of a task; None before there is one.

        Raises:
            TaskNotFound
        """

    def envelopes(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The envelopes that serve several tasks, by id; those of tasks that are not there are
        left out."""
        return _those_there(self.envelope, ids)

    def outcomes(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The newest outcomes of several tasks, by id; where there is none it is left out."""
        return _those_there(self.outcome, ids)

    @abstractmethod
    def saved(self, task_id: str) -> bytes | None:
        """The newest checkpoint of the task that a record's `checkpoint` names; None where there
        is none, or none any more.

        Raises:
            TaskNotFound
        """

    @abstractmethod
    def log(self, task_id: str, start: int = 0) -> bytes:
        """The output of a task from byte `start` on.

        Raises:
            TaskNotFound
        """

    @abstractmethod
    def page(
        self, where: Filter = EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> Page:
        """Records that fit, newest push first, `limit` at a time. `after` is `Page.next`."""

    @abstractmethod
    def counts(self) -> dict[str, dict[Status, int]]:
        """How many tasks each queue has in each status; zeros are left out. Maintained, not
        counted."""

    @abstractmethod
    def changes(self, cursor: int | None = None, *, limit: int = 1000) -> Changes:
        """What changed since `cursor`. None answers where the store stands now, with a reset."""

    @abstractmethod
    def next_due(self) -> float | None:
        """When the next delayed, retrying or expiring task wants attention."""

    # -- keeping house ---------------------------------------------------------------------

    @abstractmethod
    def forget(self, before: float, *, limit: int = 1000, count_only: bool = False) -> int:
        """Remove tasks that ended before `before`, oldest first, at most `limit`; answers how
        many it removed, or with `count_only` would remove.

        Never one that ended less than a day ago, or less than its `keep` ago, is the newest of its
        name in its queue (or in that one's group), is in a group with an unfinished task, or is
        needed by an open dependent.
        `changes` answers a reset after it.
        """

    def size(self) -> int:
        """Bytes that the store takes on its disk, or its server of memory; 0: it does not tell."""
        return 0

    @abstractmethod
    def len(self, queue: str) -> int:
        """How many tasks of `queue` (`EVERY`: of all) have not started."""

    @abstractmethod
    def drop_all(self, queue: str) -> None:
        """Remove every task of `queue` (`EVERY`: of all), whatever its status. What waits for
        one of them in another queue fails; a claim on one is LOST."""

    @abstractmethod
    def verify(self) -> list[str]:
        """Check every index and counter against the records; a sentence for each fault."""

    @abstractmethod
    def listen(
        self, topics: Iterable[Topic], *, nap_time: float = 0.1, on_ends: OnEnds | None = None
    ) -> Listener:
        """A listener for these topics. Where waking can be missed, the store is looked at every
        `nap_time` seconds. With `on_ends` it need not be woken for an end that the store can name
        at once, as where it was settled in this process."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections and files. Owners close their listeners. May be repeated."""
