"""One try of a task: load, start, run, settle. Workers, `pop`, `get` and `execute` share it."""

from collections.abc import Callable
from contextvars import Context
from typing import NamedTuple

from .backends.base import Claimed, Settlement
from .backoff import retry_delay
from .client import Client
from .definition import PYTHON
from .errors import GatorError, NotPicklable, Untrusted
from .output import SINK
from .payload import Outcome, outcome_of_error, outcome_of_value, seal_outcome
from .record import Reason
from .runtime import Interrupted, Try, trying
from .states import Status
from .task import Task

Load = Callable[[], tuple[Task, float]]
"""Brings the local task to run, and its backoff in seconds."""


class Ended(NamedTuple):
    """How a try ended. `settlement` is None when the task is to be given back."""

    settlement: Settlement | None
    error: BaseException | None = None


def snapshot_loader(client: Client, task_class: type[Task], claimed: Claimed) -> Load:
    """Loads the snapshot of a claimed task, its signature checked first."""

    def load() -> tuple[Task, float]:
        header, call = client.open(claimed.record, claimed.envelope)
        backoff = float(header.options.get("backoff", 0.0))
        return task_class.from_snapshot(claimed.record, call, backoff), backoff

    return load


def attempt(client: Client, one: Try, load: Load) -> Ended:
    """Run one try in a context of its own; whatever happens in it, there is an end."""
    return Context().run(_attempt, client, one, load)


def _attempt(client: Client, one: Try, load: Load) -> Ended:
    SINK.set(one.sink)
    with trying(one):
        try:
            with one.user_code():
                task, backoff = load()
                one.task = task
                task.status = Status.RUNNING
                outcome = _run(one, task)
        except Interrupted:
            return _stopped(one)
        except BaseException as error:  # noqa: BLE001 -- whatever it is, the try has ended
            return _failed(client, one, error)
        try:
            return _ended(client, one, task, outcome, backoff)
        except Exception as error:  # noqa: BLE001 -- a claim without an end would run for ever
            return _failed(client, one, error)


def _run(one: Try, task: Task) -> tuple[Outcome, BaseException | None]:
    """Call the function with its hooks; its result or its error becomes an outcome."""
    record = one.record
    claim = record.claim or ""
    try:
        task.run()
        return outcome_of_value(record.id, claim, task.returned), None
    except Interrupted:
        raise
    except BaseException as error:  # noqa: BLE001 -- SystemExit and its like end the task, not us
        if not isinstance(error, Exception) or isinstance(error, NotPicklable):
            task.fail(error)
        return outcome_of_error(record.id, claim, error), error


def _ended(
    client: Client,
    one: Try,
    task: Task,
    result: tuple[Outcome, BaseException | None],
    backoff: float,
) -> Ended:
    outcome, error = result
    if error is None:
        return Ended(_settlement(client, one, Status.SUCCESS, task.retries, outcome))
    if one.cause is not None:
        return _stopped(one)
    if task.retries <= 0:
        return Ended(_settlement(client, one, Status.FAILED, 0, outcome), error)
    due = client.backend.now() + retry_delay(backoff, one.record.attempts)
    again = _settlement(client, one, Status.RETRYING, task.retries - 1, outcome)
    return Ended(again._replace(due=due), error)


def _stopped(one: Try) -> Ended:
    """The code has stopped because it was asked to."""
    if one.cause == "stop":
        return Ended(None)
    record = one.record
    canceled = Settlement(
        record.id,
        record.claim or "",
        Status.CANCELED,
        record.retries,
        reason=Reason.CANCELED,
        error=f"canceled after {one.elapsed:.1f} s",
        progress=one.progress_text(),
        metrics=one.metrics_text(),
        log=one.sink.finish(),
    )
    return Ended(canceled)


def _failed(client: Client, one: Try, error: BaseException) -> Ended:
    """The call could not even be loaded: no retry would change that."""
    reason = Reason.UNTRUSTED if isinstance(error, Untrusted) else Reason.ERROR
    told = error if isinstance(error, GatorError) else _explained(error)
    outcome = outcome_of_error(one.record.id, one.record.claim or "", told)
    settlement = _settlement(client, one, Status.FAILED, one.record.retries, outcome)
    return Ended(settlement._replace(reason=reason), told)


def _explained(error: BaseException) -> BaseException:
    if isinstance(error, ModuleNotFoundError):
        error.add_note(
            f"the worker (Python {PYTHON}) has no module {error.name!r}: install it there"
        )
    return error


def _settlement(
    client: Client, one: Try, status: Status, retries: int, outcome: Outcome
) -> Settlement:
    return Settlement(
        task_id=one.record.id,
        claim=one.record.claim or "",
        status=status,
        retries=retries,
        outcome=seal_outcome(client.keyring, outcome),
        reason=None if outcome.ok else Reason.ERROR,
        error=outcome.error,
        progress=one.progress_text(),
        metrics=one.metrics_text(),
        log=one.sink.finish(),
    )
