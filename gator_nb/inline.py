"""Tasks that run here and now, in the caller's thread: `pop`, `get`, `execute`, and sync ones."""

import threading

from .attempt import Ended, Load, attempt, snapshot_loader
from .backends.base import Claimed
from .client import Client
from .handle import Handle
from .output import routing
from .record import Record
from .runtime import Try, trying
from .states import Status
from .task import Task

_claiming = threading.Lock()
"""Held while a task is pushed and claimed in one step: the store does not tell a claim of another
thread of this process from ours."""


def claim_in_hand(client: Client, task: Task) -> Claimed | Record:
    """The claim on a task that somebody holds, pushing it where it never was; a finished one is
    answered as its record.

    Raises:
        TaskRunning, DependencyError
    """
    if task.pushed:
        return client.claim_task(task.task_id)
    task_id = task.task_id
    with _claiming:
        known = client.backend.get([task_id])[0] is not None
        record = client.push_claimed(task.definition())
    task.attach(client, record)
    if known or record.id != task_id:
        return client.claim_task(record.id)
    return Claimed(record, b"")


def run_claimed(client: Client, task_class: type[Task], claimed: Claimed) -> Task:
    """One try of the snapshot of a claimed task.

    Raises:
        Exception: what the task raised, when no retry is left.
    """
    handle = task_class.stored(client, claimed.record)
    load = snapshot_loader(client, task_class, claimed)
    return _run(client, handle, claimed.record, load)


def run_live(client: Client, task: Task, record: Record) -> Task:
    """One try of a claimed task on the objects that it holds."""
    with task.local(record):
        return _run(client, task, record, lambda: (task, task.backoff))


def _run(client: Client, task: Task, record: Record, load: Load) -> Task:
    one = Try(record, tee=True)
    with routing(), client.watcher.minding(record, one.interrupt):
        ended = attempt(client, one, load)
    # By now nobody reaps on its behalf, so a retry that is due at once is answered as RETRYING.
    _settle(client, record, ended)
    Handle.moved_here()
    task.handle.see(client.record(record.id))
    retrying = ended.settlement is not None and ended.settlement.status is Status.RETRYING
    if ended.error is not None and (not retrying or not isinstance(ended.error, Exception)):
        raise ended.error
    return task


def _settle(client: Client, record: Record, ended: Ended) -> None:
    if ended.settlement is None:
        client.backend.release([(record.id, record.claim or "")])
    else:
        client.backend.settle([ended.settlement])


def run_now(task: Task) -> Task:
    """A sync task, its retries included; nothing is stored.

    Raises:
        Exception: what the task raised, when no retry is left.
    """
    one = Try(Record(task.task_id, queue="", name=task.name))
    one.task = task
    with trying(one):
        while True:
            try:
                return task.run()
            except Exception:
                if task.retries <= 0:
                    raise
                task.retries -= 1
                task.to_retrying()
