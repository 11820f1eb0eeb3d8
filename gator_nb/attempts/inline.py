"""Tasks that run here and now, in the caller's thread: `pop`, `get`, `execute`, and sync ones."""

import threading

from ..backends.base import Claimed
from ..client.client import Client
from ..client.workforce import refuse_another_python
from ..errors import GatorError
from ..output.routing import routing
from ..record import Record
from ..states import Status
from ..tasks.handle import Handle
from ..tasks.task import Task
from .attempt import Ended, Load, attempt, due_of, settlement_of, snapshot_loader
from .oversized import settle
from .running import Try, trying

_claiming = threading.Lock()
"""Held while a task is pushed and claimed in one step: the store does not tell a claim of another
thread of this process from ours."""


class _TimedTry(Try):
    """A try that no worker watches: a timer of its own ends it when it is over its time."""

    _timer: threading.Timer | None = None

    def limit(self, timeout: float | None, backoff: float = 0.0) -> None:
        super().limit(timeout, backoff)
        if timeout is not None:
            self._timer = threading.Timer(max(0.0, -(self.overdue() or 0.0)), self._time_out)
            self._timer.name, self._timer.daemon = "gator_nb timeout", True
            self._timer.start()

    def _time_out(self) -> None:
        self.interrupt("timeout")

    def over(self) -> None:
        """It has ended; the timer with it."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()


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
        GatorError: it is of another Python; it was given back.
        Exception: what the task raised, when no retry is left.
    """
    try:
        refuse_another_python(client.backend, claimed.record)
    except GatorError:
        client.backend.release([(claimed.record.id, claimed.record.claim or "")])
        raise
    handle = task_class.stored(client, claimed.record)
    one = _TimedTry(claimed.record, client, tee=True)
    return _run(client, handle, one, snapshot_loader(client, one, task_class, claimed))


def run_live(client: Client, task: Task, record: Record) -> Task:
    """One try of a claimed task on the objects that it holds."""
    with task.local(record):
        return _run(client, task, _TimedTry(record, client, tee=True), lambda: task)


def _run(client: Client, task: Task, one: _TimedTry, load: Load) -> Task:
    with routing(), client.watcher.minding(one.record, one.interrupt):
        ended = attempt(one, load)
        one.over()
    # By now nobody reaps on its behalf, so a retry that is due at once is answered as RETRYING.
    _settle(client, one, ended)
    Handle.moved_here()
    task.handle.see(client.record(one.record.id))
    error = ended.exception
    if error is not None and (
        ended.status is not Status.RETRYING or not isinstance(error, Exception)
    ):
        raise error
    return task


def _settle(client: Client, one: Try, ended: Ended) -> None:
    settlement = settlement_of(client, one, ended)
    if settlement is None:
        client.backend.release([(one.record.id, one.claim)])
    else:
        due = due_of(client, one.record, ended)
        settle(client, [settlement._replace(due=due)])


def run_now(task: Task) -> Task:
    """A sync task, its retries included; nothing is stored.

    Raises:
        Exception: what the task raised, when no retry is left.
    """
    one = Try(Record(task.task_id, queue="", name=task.name), None)
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
