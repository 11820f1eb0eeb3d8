"""What the holder of a claim says to a memory store, and is told."""

from ...constants import FORCED
from ...record import Record
from ...states import RUNNING, WAITING
from ..base import Answer, Beat, Settlement
from .step import Step
from .store import Store


def held(store: Store, step: Step, task_id: str, claim: str) -> Record | None:
    """The task when the claim stands, or when it can be adopted; else None."""
    record = step.at(task_id)
    if record is None or record.claim != claim:
        return None
    if record.status is RUNNING:
        return record
    taken_from_it = record.status is WAITING and record.settled != claim
    if taken_from_it and record.worker in store.presences and step.has_room(record):
        return step.adopt(record)
    return None


def renew(store: Store, step: Step, beat: Beat) -> Answer:
    """Write down what a holder tells of a task."""
    record = held(store, step, beat.task_id, beat.claim)
    if record is None:
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


def settle(store: Store, step: Step, end: Settlement) -> Answer:
    """Write down how its holder says a try has ended."""
    record = held(store, step, end.task_id, end.claim)
    if record is None:
        return answer_repeat(step.at(end.task_id), end.claim)
    step.settle(record, end)
    if end.log:
        append_log(store, end.task_id, end.log)
    store.shelf.own(end.task_id, end.refs)
    return Answer.DONE


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
