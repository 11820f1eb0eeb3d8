"""A task as a `concurrent.futures.Future`, and awaiting tasks in a loop."""

import threading
import time
from collections.abc import Sequence
from concurrent import futures
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from ..client.client import Client
from ..client.here import slice_of, waiting
from ..errors import GatorError
from ..record import Record
from ..states import Status
from .handle import Handle

if TYPE_CHECKING:
    from typing import Self


class Pushed(Protocol):
    """A task that is in a store."""

    task_id: str

    @property
    def handle(self) -> Handle: ...
    def cancel(self) -> "Self": ...
    def value_and_error(self) -> tuple[Any, BaseException | None]: ...


def wait_for(pending: "Sequence[Future[Any]]", timeout: float | None = None) -> None:
    """Return once all have ended, or after `timeout` seconds. A task that waits here gives its slot
    back meanwhile."""
    # concurrent.futures waits for a canceled one until its callbacks have been called, in which
    # somebody may wait.
    pending = [one for one in pending if not one.done()]
    deadline = None if timeout is None else time.monotonic() + timeout
    while pending:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        nap = slice_of(left)
        with waiting():
            _, open_ones = futures.wait(pending, nap)
        if not open_ones or (left is not None and left <= (nap or 0.0)):
            return


class TaskFuture(Future[Any]):
    """The future of a task that is in a store: it ends when the task does, wherever that runs."""

    def __init__(self, task: Pushed) -> None:
        super().__init__()
        self._task = task
        self._ending = threading.Lock()

    def cancel(self) -> bool:
        """Cancel the task if it has not started: True when it never will.

        Code that runs is left alone, and the answer is False; `task.cancel()` stops it.
        """
        if self.done():
            return self.cancelled()
        self._task.handle.cancel("future", unstarted_only=True)
        if self._task.handle.record.status is not Status.CANCELED:
            return False
        self.end()
        return True

    def result(self, timeout: float | None = None) -> Any:
        """The value, waited for; a task that waits here gives its slot back meanwhile."""
        wait_for([self], timeout)
        return super().result(0)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """What it raised, waited for in the same way."""
        wait_for([self], timeout)
        return super().exception(0)

    def running(self) -> bool:
        """Its code runs just now."""
        return not self.done() and self._task.handle.look().status is Status.RUNNING

    def end(self) -> None:
        """Become what the task has become; the first call counts."""
        if not self._ending.acquire(blocking=False):
            return
        if self._task.handle.record.status is Status.CANCELED:
            super().cancel()
            self.set_running_or_notify_cancel()
            return
        self.set_running_or_notify_cancel()
        try:
            value, error = self._task.value_and_error()
        except BaseException as failed:  # noqa: BLE001 -- loading a result runs the user's code
            error = failed
        if error is None:
            self.set_result(value)
        else:
            self.set_exception(error)

    def fail(self, error: GatorError) -> None:
        """The task will not be seen to end."""
        if self._ending.acquire(blocking=False):
            self.set_running_or_notify_cancel()
            self.set_exception(error)


def futures_of(client: Client, tasks: Sequence[Pushed]) -> list[TaskFuture]:
    """A future for each of these tasks."""
    made = [TaskFuture(task) for task in tasks]
    pending: dict[str, list[TaskFuture]] = {}
    for task, future in zip(tasks, made, strict=True):
        pending.setdefault(task.task_id, []).append(future)

    def ended(record: Record) -> None:
        Handle.moved_here()
        for future in pending.pop(record.id, ()):  # none once it has failed
            future._task.handle.see(record)  # noqa: SLF001
            future.end()

    def failed(error: GatorError) -> None:
        while pending:
            for future in pending.popitem()[1]:
                future.fail(error)

    if tasks:
        client.endings.tell(list(pending), ended, failed)
    return made


async def awaited(client: Client, tasks: Sequence[Pushed]) -> None:
    """Return once these tasks have ended; a loop that is stopped before stops the waiting only.

    Raises:
        TaskNotFound, StoreUnavailable: some of them will not be seen to end.
    """
    import asyncio  # a fifth of the import of gator_nb, for those who await

    loop = asyncio.get_running_loop()
    arrived = loop.create_future()
    pending: dict[str, list[Pushed]] = {}
    for task in tasks:
        pending.setdefault(task.task_id, []).append(task)

    def settle(error: GatorError | None) -> None:
        if not arrived.done():
            arrived.set_result(error)

    def tell(error: GatorError | None = None) -> None:
        with suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(settle, error)

    def ended(record: Record) -> None:
        for task in pending.pop(record.id, ()):
            task.handle.see(record)
        if not pending:
            Handle.moved_here()
            tell()

    if not pending:
        return
    told = client.endings.tell(list(pending), ended, tell)
    try:
        with waiting():
            error = await arrived
    finally:
        told.stop()
    if error is not None:
        raise error
