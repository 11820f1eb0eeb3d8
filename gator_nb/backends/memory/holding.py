"""What the holder of a claim says to a memory store, and is told."""

from ...constants import FORCED
from ...record import Record
from ...states import RUNNING
from ..base import Answer, Beat
from .step import Step
from .store import Store


def renew(store: Store, step: Step, beat: Beat) -> Answer:
    """Write down what a holder tells of a task."""
    record = step.at(beat.task_id)
    if record is None or record.status is not RUNNING or record.claim != beat.claim:
        return Answer.LOST
    told = {
        "begun": beat.begun or record.begun,
        "progress": beat.progress or record.progress,
        "metrics": beat.metrics or record.metrics,
        "cancel_step": record.cancel_step
        if record.cancel_step == FORCED
        else beat.cancel_step or record.cancel_step,
    }
    if beat.log:
        append_log(store, record.id, beat.log)
    if beat.log or any(getattr(record, field) != value for field, value in told.items()):
        step.tell(record, **told)
        store.wake("news")
    return standing(record)


def standing(record: Record) -> Answer:
    """What to say to a claim that stands."""
    if record.cancel_at is None:
        return Answer.KEPT
    return Answer.KILL if record.cancel_step == FORCED else Answer.CANCEL


def answer_repeat(record: Record | None, claim: str) -> Answer:
    """What to say to a claim that does not stand any more."""
    return Answer.DONE if record is not None and record.settled == claim else Answer.LOST


def append_log(store: Store, task_id: str, output: bytes) -> None:
    """Add output to the end of a task's log."""
    store.logs.setdefault(task_id, bytearray()).extend(output)
