"""One try of a task: load, start, run, end. Workers, their child processes, `pop`, `get` and
`execute` share it.

`attempt` needs no store and no key, so it runs anywhere; what it answers becomes a settlement
where the key is.
"""

import os
from collections.abc import Callable
from contextvars import Context
from typing import NamedTuple

from ..backends.base import Claimed, Settlement
from ..backoff import retry_delay
from ..client.client import Client
from ..client.here import CLIENT, TRY
from ..definition import PYTHON
from ..errors import NotPicklable, TaskTimeout, Untrusted
from ..host.liveness import host_name
from ..output.routing import SINK, report
from ..payload import (
    Outcome,
    OwnCopies,
    Store,
    explanation,
    import_packages,
    outcome_of_error,
    outcome_of_value,
    seal_outcome,
)
from ..payload.failure import traceback_text
from ..record import Reason, Record
from ..states import Status
from ..tasks.task import Task
from .figures import show_figures
from .running import Interrupted, Running, Try
from .snapshot import snapshot_of

Load = Callable[[], Task]
"""Brings the local task to run."""


class Ended(NamedTuple):
    """How a try ended, before anybody signs it."""

    status: Status | None
    """None: the task is to be given back."""
    retries: int = 0
    """What remains."""
    outcome: Outcome | None = None
    reason: str | None = None
    error: str | None = None
    backoff: float = 0.0
    exception: BaseException | None = None
    """What was raised, where that is in this process."""
    peak_memory: int | None = None
    lost: bool = False
    """The process died by itself; see `Settlement.lost`."""


def snapshot_loader(client: Client, one: Try, task_class: type[Task], claimed: Claimed) -> Load:
    """Loads the snapshot of a claimed task, its signature checked first."""

    def load() -> Task:
        CLIENT.set(client)
        snapshot = snapshot_of(client, claimed.record, claimed.envelope)
        import_packages(snapshot.environment)  # other threads load calls, too
        return snapshot.load(one, task_class)

    return load


def attempt(one: Try, load: Load) -> Ended:
    """Run one try in a context of its own; whatever happens in it, there is an end.

    No caller may keep it in a variable: its error holds their frames, and what is held in a circle
    stays until Python looks for such, with all that the task captured.
    """
    process = os.getpid()
    try:
        return Context().run(_attempt, one, load)
    finally:
        if os.getpid() != process:
            os._exit(0)  # a copy that the task forked and let come back: the try is not its own


def settlement_of(client: Client, one: Running, ended: Ended) -> Settlement | None:
    """What to tell the store, save when a retry is due; None: the claim is to be given back."""
    if ended.status is None:
        return None
    try:
        return _settlement(client, one, ended.status, ended)
    except Exception as error:  # noqa: BLE001 -- a claim without an end would run for ever
        failed = failed_to_load(one, error)
        return _settlement(client, one, Status.FAILED, failed)


def due_of(client: Client, record: Record, ended: Ended) -> float | None:
    """Before when the next try may not begin, by the store's clock; None where there is none.

    Raises:
        StoreUnavailable
    """
    if ended.status is not Status.RETRYING:
        return None
    return client.backend.now() + retry_delay(ended.backoff, record.attempts)


def _settlement(client: Client, one: Running, status: Status, ended: Ended) -> Settlement:
    return Settlement(
        task_id=one.record.id,
        claim=one.claim,
        status=status,
        retries=ended.retries,
        outcome=ended.outcome and seal_outcome(client.keyring, ended.outcome),
        refs=() if ended.outcome is None else (*ended.outcome.refs, *ended.outcome.needs),
        reason=ended.reason,
        error=ended.error,
        progress=one.progress_text(),
        metrics=one.metrics_text(),
        log=one.sink.finish(),
        peak_memory=ended.peak_memory,
        lost=ended.lost,
    )


def _attempt(one: Try, load: Load) -> Ended:
    SINK.set(one.sink)
    TRY.set(one)
    try:
        with one.user_code():
            task = one.task = load()
            task.status = Status.RUNNING
            outcome, raised = _run(one, task)
            _show_figures(one)
    except Interrupted:
        return _stopped(one)
    except BaseException as error:  # noqa: BLE001 -- whatever it is, the try has ended
        return failed_to_load(one, error)
    if raised is None:
        return Ended(Status.SUCCESS, task.retries, outcome)
    try:
        if one.cause is not None:
            return _stopped(one)
        return failed(outcome, raised, Reason.ERROR, task.retries, task.backoff)
    finally:
        del raised  # it holds this frame, which would hold it, with all that the task captured


def _show_figures(one: Try) -> None:
    """One that cannot be drawn is told of, and changes nothing."""
    try:
        show_figures(one)
    except Exception as error:  # noqa: BLE001 -- a user's figure may raise anything
        report(f"a figure could not be drawn\n{traceback_text(error)}")


def _run(one: Try, task: Task) -> tuple[Outcome, BaseException | None]:
    """Call the function with its hooks; its result or its error becomes an outcome."""
    copies = None if task.live else OwnCopies(task.func)
    try:
        task.run()
        for line in () if copies is None else copies.changed():
            report(f"[{line}]\n")
        return outcome_of_value(one.record.id, one.claim, task.returned, _store(one)), None
    except Interrupted:
        raise
    except BaseException as error:  # noqa: BLE001 -- SystemExit and its like end the task, not us
        if one.cause is None and (
            not isinstance(error, Exception) or isinstance(error, NotPicklable)
        ):
            task.fail(error)
        _explain(one, error)
        return outcome_of_error(one.record.id, one.claim, error), error


def _store(one: Try) -> Store | None:
    """Where large results go; None where there is no way to the store."""
    return None if one.depot is None else one.depot.store


def _stopped(one: Try) -> Ended:
    """The code has stopped because it was asked to."""
    if one.cause in ("stop", "lost"):
        return Ended(None)
    if one.cause == "timeout":
        error = timed_out(one)
        if one.task is None:  # it was still being loaded
            return stopped_from_outside(one, error, Reason.TIMEOUT)
        one.task.fail(error)
        outcome = outcome_of_error(one.record.id, one.claim, error)._replace(error=str(error))
        return failed(outcome, error, Reason.TIMEOUT, one.task.retries, one.task.backoff)
    return canceled(one)


def failed(
    outcome: Outcome, error: BaseException, reason: str, retries: int, backoff: float
) -> Ended:
    """The end of a try that failed: another one follows as long as there are retries."""
    again = retries > 0
    status = Status.RETRYING if again else Status.FAILED
    return Ended(status, retries - again, outcome, reason, outcome.error, backoff, error)


def stopped_from_outside(one: Running, error: BaseException, reason: str) -> Ended:
    """The end of a try that failed without a word of its own: it was killed, or never begun."""
    outcome = outcome_of_error(one.record.id, one.claim, error)
    if reason == Reason.TIMEOUT:
        outcome = outcome._replace(error=str(error))
    return failed(outcome, error, reason, one.record.retries, one.backoff)


def canceled(one: Running, by: str = "") -> Ended:
    """The end of a try that somebody canceled, once its code has stopped."""
    words = f"canceled after {one.elapsed:.1f} s; {one.stopped_words()}{by}"
    return Ended(Status.CANCELED, one.record.retries, reason=Reason.CANCELED, error=words)


def timed_out(one: Running, by: str = "") -> TaskTimeout:
    """The error of a try that was over its time, once its code has stopped."""
    return TaskTimeout(f"was over its timeout of {one.timeout:g} s; {one.stopped_words()}{by}")


def failed_to_load(one: Running, error: BaseException) -> Ended:
    """The call could not even be loaded: no retry would change that."""
    reason = Reason.UNTRUSTED if isinstance(error, Untrusted) else Reason.ERROR
    if isinstance(one, Try):
        _explain(one, error)
    outcome = outcome_of_error(one.record.id, one.claim, error)
    return Ended(Status.FAILED, one.record.retries, outcome, reason, outcome.error, exception=error)


def _explain(one: Try, error: BaseException) -> None:
    """Add to an error what it has to do with the place where it was raised."""
    note = explanation(error, one.environment)
    if note is not None:
        error.add_note(f"on {host_name()} (Python {PYTHON}): {note}")
