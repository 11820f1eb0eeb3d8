"""User code in any `concurrent.futures.Executor`: a process pool, loky, MPI, a Dask cluster.

A cancel is passed on as far as the executor goes: what has not begun there does not begin; what
runs cannot be stopped from here, and is said to run on.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from functools import partial

from ..attempts.attempt import Ended, canceled, failed_to_load, stopped_from_outside, timed_out
from ..attempts.running import Cause, Running
from ..attempts.snapshot import Snapshot, snapshot_of
from ..backends.base import Claimed
from ..client.client import Client
from ..constants import THREAD_LEASE
from ..errors import TaskLost
from ..payload import divided, outcome_of_error, stored
from ..payload.failure import error_line
from ..record import Reason, Record
from ..states import Status
from .base import Report
from .elsewhere import Came, run_elsewhere
from .tries import Tries

_SLOTS = 32
"""Tasks that an executor is given at a time when it does not tell how many it runs."""


class FutureTry(Running):
    """One run of one claim in somebody else's executor."""

    def __init__(self, record: Record, claimed: Claimed) -> None:
        super().__init__(record)
        self.claimed = claimed
        self.future: Future[Came] | None = None
        self._told: tuple[str | None, str | None] = (None, None)

    def take(self, came: Came) -> None:
        self._told = came.progress, came.metrics
        self.sink.write_bytes(came.log)

    def step(self) -> str | None:
        return None if self.cause is None else "its executor lets it run on"

    def progress_text(self) -> str | None:
        return self._told[0]

    def metrics_text(self) -> str | None:
        return self._told[1]


class FutureExecutor:
    """Runs tasks in an executor that somebody else made, and that stays theirs.

    Args:
        slots: tasks that it is given at a time; None: as many as it says it runs.
        on_event: called from another thread when a task has ended.
        on_gone: told why, when it takes nothing more: it is broken, or was shut down.
    """

    kills = False
    apart = False  # as far as anybody can tell
    lease = THREAD_LEASE

    def __init__(
        self,
        client: Client,
        executor: Executor,
        slots: int | None,
        on_event: Callable[[], None],
        on_gone: Callable[[str], None],
    ) -> None:
        self.slots = slots or getattr(executor, "_max_workers", None) or _SLOTS
        self.lanes = client.lanes(None)
        self._client = client
        self._executor = executor
        self._on_gone = on_gone
        self._tries: Tries[FutureTry] = Tries(client, on_event)

    def submit(self, claimed: Sequence[Claimed]) -> None:
        for one in claimed:
            self._submit(FutureTry(one.record, one))

    def _submit(self, one: FutureTry) -> None:
        try:
            snapshot = snapshot_of(self._client, one.record, one.claimed.envelope)
            one.limit(snapshot.timeout, snapshot.backoff)
            snapshot = snapshot.with_larges(self._client.depot.fetch)
            future = self._begin(one.record, snapshot)
        except BrokenExecutor as error:
            self._gone(error)
            self._end(one, not_begun(one))
            return
        except Exception as error:  # noqa: BLE001 -- a claim without an end would run for ever
            self._end(one, failed_to_load(one, error))
            return
        one.future = future
        self._tries.begun(one)
        future.add_done_callback(partial(self._done, one))

    def _begin(self, record: Record, snapshot: Snapshot) -> "Future[Came]":
        try:
            return self._executor.submit(run_elsewhere, record, snapshot)
        except RuntimeError as error:  # of one that was shut down, says concurrent.futures
            raise BrokenExecutor(str(error)) from error

    def _gone(self, error: BrokenExecutor) -> None:
        if self.slots:
            self.slots = 0  # so that nothing more is claimed
            self._on_gone(f"its {type(self._executor).__name__} takes nothing more: {error}")

    def _done(self, one: FutureTry, future: "Future[Came]") -> None:
        try:
            came = future.result()
        except CancelledError:
            ended = not_begun(one)
        except BaseException as error:  # noqa: BLE001 -- the executor failed, not the task
            ended = lost_there(one, error)
        else:
            one.take(came)
            ended = without_what_is_large(self._client, came.ended)
        self._end(one, ended)

    def _end(self, one: FutureTry, ended: Ended) -> None:
        self._tries.ended(one.claimed, one, ended)

    def waiting(self) -> int:
        return 0

    def running(self) -> Sequence[FutureTry]:
        return self._tries.running()

    def reports(self) -> list[Report]:
        return self._tries.reports()

    def withdraw(self) -> list[Claimed]:
        return []

    def interrupt(self, one: Running, cause: Cause) -> None:
        if isinstance(one, FutureTry) and one.cause is None:
            one.asked(cause)
            if one.future is not None:
                one.future.cancel()

    def close(self) -> bool:
        return not self.running()


def without_what_is_large(client: Client, ended: Ended) -> Ended:
    """A large result came as it is, as there was no way to the store from there: store it."""
    outcome = ended.outcome
    if outcome is None or not outcome.ok:
        return ended
    payload, larges = divided(outcome.payload or b"", [])
    if not larges or not stored(client.depot.store, larges):
        return ended
    refs = tuple(large.name for large in larges)
    return ended._replace(outcome=outcome._replace(payload=payload, refs=refs))


def not_begun(one: Running) -> Ended:
    """The executor has let go of it before it began."""
    if one.cause in ("cancel", "kill"):
        return canceled(one)
    if one.cause != "timeout":
        return Ended(None)
    error = timed_out(one, " before its executor began it")
    return stopped_from_outside(one, error, Reason.TIMEOUT)


def lost_there(one: Running, error: BaseException) -> Ended:
    """The place where it ran is gone, or never took it."""
    line = f"its executor lost it after {one.elapsed:.1f} s: {error_line(error)}"
    one.sink.write(f"\n[{line}]\n")
    outcome = outcome_of_error(one.record.id, one.claim, TaskLost(line))._replace(error=line)
    return Ended(Status.FAILED, one.record.retries, outcome, Reason.LOST, outcome.error, lost=True)
