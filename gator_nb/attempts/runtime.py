"""What a task can call while it runs: `current_task`, `progress`, `track`, `checkpoint`."""

from collections.abc import Iterable, Iterator, Sized
from typing import Any, TypeVar

from ..payload import dumps_value, loads
from ..tasks.task import Task
from .running import Interrupted, current_try

__all__ = ["Interrupted", "checkpoint", "current_task", "progress", "track"]

T = TypeVar("T")
_NOTHING: Any = object()


def current_task() -> Task | None:
    """The task that this code runs in, or None outside of one.

    >>> current_task() is None
    True
    """
    one = current_try()
    return None if one is None else one.task


def progress(
    done: float, total: float | None = None, message: str | None = None, **metrics: float
) -> None:
    """Tell how far the running task is, and with what figures; outside of a task it does nothing.

    Costs about a microsecond; the store hears of it at most ten times a second. A task that was
    asked to stop stops here.

    Args:
        done, total: in any unit; `total` may be unknown.
        message: a short text.
        metrics: numbers whose course is kept, at most 1,000 points each.

    Raises:
        Interrupted: the task was asked to stop; let it pass.

    >>> progress(3, 10, loss=0.25)
    """
    one = current_try()
    if one is not None:
        one.tell(done, total, message, metrics)


def track(
    items: Iterable[T], total: float | None = None, message: str | None = None
) -> Iterator[T]:
    """Go through `items` and tell how far it is, as `progress` does; outside of a task it only
    goes through them.

    Args:
        total: how many there are; None is `len(items)`, where they have one.
        message: a short text.

    >>> list(track(range(3)))
    [0, 1, 2]
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    progress(0, total, message)
    for done, item in enumerate(items, 1):
        yield item
        progress(done, total, message)


def checkpoint(value: Any = _NOTHING) -> Any:
    """Keep how far this task has come: `checkpoint(value)` stores, `checkpoint()` answers what was
    stored last, or None.

    It is kept through a cancel, a timeout, a crash and a lost worker, and seen by the next try and
    by `task.retry()`. When the call returns it is in the store. Outside of a task nothing is
    stored.

    Raises:
        NotPicklable: `value` does not pickle.
        StoreUnavailable: the store is away.
        Interrupted: the task was asked to stop; let it pass.

    >>> for epoch in range(checkpoint() or 0, 3):
    ...     checkpoint(epoch + 1)
    """
    one = current_try()
    if value is _NOTHING:
        data = None if one is None else one.saved()
        return None if data is None else loads(data)
    if one is not None:
        one.save(dumps_value(value, "the checkpoint"))
    return None
