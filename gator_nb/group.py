"""Several tasks as one: in order of submission, waited for, asked and canceled together."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from . import errors
from .backends.base import Backend, Filter
from .display import Displayed
from .handle import Handle, telling_that_it_goes_on
from .option_values import Duration, seconds
from .record import Record
from .states import Status
from .task import Task

if TYPE_CHECKING:
    from .client import Client


_PAGE = 500
"""Records that are read at a time."""


class Group(Displayed, Sequence[Task]):
    """Tasks in order of submission.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     worker = gator.start_worker()
    ...     gator.map(pow, [2, 3], [10, 2]).get()
    [1024, 9]
    """

    def __init__(self, client: "Client", tasks: Sequence[Task]) -> None:
        self._client = client
        self._tasks = list(tasks)

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks)

    @overload
    def __getitem__(self, index: int) -> Task: ...
    @overload
    def __getitem__(self, index: slice) -> "Group": ...
    def __getitem__(self, index: int | slice) -> "Task | Group":
        if isinstance(index, slice):
            return Group(self._client, self._tasks[index])
        return self._tasks[index]

    def where(self, predicate: Callable[[Task], object]) -> "Group":
        """Those tasks for which `predicate` holds.

        >>> slow = group.where(lambda task: task.elapsed > 600)  # doctest: +SKIP
        """
        self.refresh()
        return Group(self._client, [task for task in self._tasks if predicate(task)])

    def counts(self) -> dict[Status, int]:
        """How many tasks are in each status."""
        self.refresh()
        found = Counter(Status(task.status) for task in self._tasks)
        return {status: found[status] for status in Status if found[status]}

    def as_completed(self, timeout: Duration | None = None) -> Iterator[Task]:
        """The tasks as they end, each once.

        Raises:
            WaitTimeout: the time is over; the rest go on.
        """
        left: dict[str, list[Task]] = {}
        for task in self._tasks:
            left.setdefault(task.task_id, []).append(task)
        limit = None if timeout is None else seconds(timeout, "timeout")
        with telling_that_it_goes_on(self):
            for record in self._client.watcher.ended(left, limit):
                for task in left.pop(record.id):
                    task.handle.see(record)
                    yield task
        Handle.moved_here()
        if left:
            raise errors.WaitTimeout(f"{len(left)} of {len(self)} tasks have not ended; they go on")

    def wait(self, timeout: Duration | None = None) -> "Group":
        """Wait until all have ended; answers this group, whatever became of them.

        Raises:
            WaitTimeout: the time is over; the rest go on.
        """
        for _ in self.as_completed(timeout):
            pass
        return self

    def get(
        self,
        errors: Literal["raise", "none", "return"] = "raise",
        timeout: Duration | None = None,
    ) -> list[Any]:
        """Wait for all, then the values in order of submission.

        Args:
            errors: what stands for a task without a value: "raise" raises one ExceptionGroup of
                them all, "none" puts None in its place, "return" the exception.
            timeout: how long to wait.

        Raises:
            ExceptionGroup, WaitTimeout.
        """
        if errors not in ("raise", "none", "return"):
            raise ValueError(f'errors={errors!r}: give "raise", "none" or "return"')
        self.wait(timeout)
        values = [task.value_and_error() for task in self._tasks]
        if errors == "raise":
            self._raise([error for _, error in values if error is not None], "have no value")
        stand_in = (lambda error: error) if errors == "return" else (lambda _: None)
        return [value if error is None else stand_in(error) for value, error in values]

    def raise_failures(self) -> "Group":
        """Raise the errors of the tasks that have failed as one ExceptionGroup; answers this group
        when there are none. What was canceled did not fail.

        Raises:
            ExceptionGroup
        """
        ended = [task for task in self._tasks if task.status is Status.FAILED]
        errors = [error for _, error in (task.value_and_error() for task in ended) if error]
        self._raise(errors, "failed")
        return self

    def _raise(self, errors: Sequence[BaseException], what: str) -> None:
        if errors:
            raise BaseExceptionGroup(f"{len(errors)} of {len(self)} tasks {what}", errors)

    def cancel(self) -> "Group":
        """Cancel them all in one step: what runs is asked to stop."""
        records = self._client.backend.cancel([task.task_id for task in self._tasks], by="group")
        Handle.moved_here()
        for task, record in zip(self._tasks, records, strict=True):
            task.handle.see(record)
        return self

    def refresh(self) -> None:
        """Read all that may have changed in one call."""
        open_tasks = [task for task in self._tasks if not task.handle.record.done]
        records = self._client.backend.get([task.task_id for task in open_tasks])
        for task, record in zip(open_tasks, records, strict=True):
            if record is not None:
                task.handle.see(record)

    def __repr__(self) -> str:
        known = Counter(str(task.handle.record.status) for task in self._tasks)
        told = ", ".join(f"{number} {word}" for word, number in known.items())
        return f"<Group of {len(self)}: {told}>" if told else "<Group of 0>"


def records(backend: Backend, where: Filter, most: int | None = None) -> Iterator[Record]:
    """The records that fit, newest first, read a page at a time; `most` of them at the most."""
    size = _PAGE if most is None else min(_PAGE, max(1, most))
    pages = itertools.chain.from_iterable(_pages(backend, where, size))
    return itertools.islice(pages, most)


def _pages(backend: Backend, where: Filter, size: int) -> Iterator[list[Record]]:
    page = backend.page(where, limit=size)
    yield page.records
    while page.next is not None:
        page = backend.page(where, limit=size, after=page.next)
        yield page.records
