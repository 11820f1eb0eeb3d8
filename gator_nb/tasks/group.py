"""Several tasks as one: in order of submission, waited for, asked and canceled together."""

import itertools
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from .. import errors
from ..backends.base import Backend, Filter
from ..client.here import CLIENT
from ..client.workforce import unless_nobody_runs
from ..definition import new_id
from ..option_values import Duration, seconds
from ..payload import SeveralPromised
from ..record import Record
from ..states import Status
from .again import again
from .display import Displayed
from .futures import awaited
from .handle import Handle, telling_that_it_goes_on
from .prefetching import prefetched
from .table import table
from .task import Task

if TYPE_CHECKING:
    import pandas as pd

    from ..client.client import Client


_PAGE = 500
"""Records that are read at a time."""


class Group(Displayed, SeveralPromised, Sequence[Task]):
    """Tasks in order of submission. As an argument of another task it arrives as their results.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     worker = gator.start_worker()
    ...     gator.map(pow, [2, 3], [10, 2]).get()
    [1024, 9]
    """

    def __init__(self, client: "Client | None", tasks: Sequence[Task]) -> None:
        self._of = client
        self._tasks = list(tasks)

    @property
    def _client(self) -> "Client":
        """The store of its tasks; of a group that has travelled, the one that is worked with."""
        if self._of is None:
            raise errors.GatorError("this group was unpickled where no store is at hand")
        return self._of

    def __reduce__(self) -> Any:
        return _travelled, (self._tasks,)

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
        """How many tasks are in each status.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.map(pow, [2, 3], [10, 2]).counts()
        {<Status.WAITING: 0>: 2}
        """
        self.refresh()
        found = Counter(Status(task.status) for task in self._tasks)
        return {status: found[status] for status in Status if found[status]}

    def as_completed(self, timeout: Duration | None = None) -> Iterator[Task]:
        """The tasks as they end, each once.

        Raises:
            WaitTimeout: the time is over; the rest go on.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     sorted(task.result for task in gator.map(pow, [2, 3], [10, 2]).as_completed())
        [9, 1024]
        """
        left: dict[str, list[Task]] = {}
        for task in self._tasks:
            left.setdefault(task.task_id, []).append(task)
        limit = None if timeout is None else seconds(timeout, "timeout")
        with telling_that_it_goes_on(self):
            for ending in self._client.watcher.ended(left, limit):
                for task in left.pop(ending.record.id):
                    task.handle.see_end(ending)
                    yield task
        Handle.moved_here()
        if left:
            over = f"{len(left)} of {len(self)} tasks have not ended; they go on"
            raise errors.WaitTimeout(over + unless_nobody_runs(self._client.backend, list(left)))

    def wait(self, timeout: Duration | None = None) -> "Group":
        """Wait until all have ended; answers this group, whatever became of them.

        Raises:
            WaitTimeout: the time is over; the rest go on.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     gator.map(pow, [2, 3], [10, 2]).wait(timeout="1 min")
        <Group of 2: 2 success>
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

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     gator.map(divmod, [7, 7], [2, 0]).get(errors="none")
        [(3, 1), None]
        """
        if errors not in ("raise", "none", "return"):
            raise ValueError(f'errors={errors!r}: give "raise", "none" or "return"')
        self.wait(timeout)
        handles = prefetched(self._client, [task.handle for task in self._tasks])
        values = [task.value_and_error() for task, _ in zip(self._tasks, handles, strict=True)]
        if errors == "raise":
            self._raise([error for _, error in values if error is not None], "have no value")
        stand_in = (lambda error: error) if errors == "return" else (lambda _: None)
        return [value if error is None else stand_in(error) for value, error in values]

    def raise_failures(self) -> "Group":
        """Raise the errors of the tasks that have failed as one ExceptionGroup; answers this group
        when there are none. What was canceled did not fail.

        Raises:
            ExceptionGroup

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     gator.map(pow, [2, 3], [10, 2]).wait().raise_failures()
        <Group of 2: 2 success>
        """
        ended = [task for task in self._tasks if task.status is Status.FAILED]
        errors = [error for _, error in (task.value_and_error() for task in ended) if error]
        self._raise(errors, "failed")
        return self

    def _raise(self, errors: Sequence[BaseException], what: str) -> None:
        if errors:
            raise BaseExceptionGroup(f"{len(errors)} of {len(self)} tasks {what}", errors)

    def promises(self) -> Sequence[Task]:
        """The tasks, as arguments of another one.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     gator.task(sum, gator.map(pow, [2, 3], [10, 2])).get()
        1033
        """
        return self._tasks

    def __await__(self) -> Generator[Any, None, list[Any]]:
        """`await group` is `get` beside a running loop; to cancel it stops the waiting only."""
        yield from awaited(self._client, self._tasks).__await__()
        return self.get(timeout=0)

    def cancel(self, *, force: bool = False) -> "Group":
        """Cancel them all: what has not started at once, what runs is asked to stop; with `force`
        code in processes is killed at once.

        Answers those that it concerned, in order of submission: canceled by now, or asked; those
        that had ended are not among them.

        Raises:
            TaskNotFound: one of them is not in the store any more.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.map(pow, [2, 3], [10, 2]).cancel()
        <Group of 2: 2 canceled>
        """
        open_tasks = [task for task in self._tasks if not task.handle.record.done]
        # From the last: what depends on a task is named before it, and canceled instead of failed.
        for several in _chunks(open_tasks[::-1]):
            ids = dict.fromkeys(task.task_id for task in several)
            records = self._client.backend.cancel(list(ids), by="group", force=force)
            found = {record.id: record for record in records}
            for task in several:
                task.handle.see(found[task.task_id])
        Handle.moved_here()
        concerned = [task for task in open_tasks if _concerned(task.handle.record)]
        return Group(self._client, concerned)

    def retry_failed(self) -> "Group":
        """Run those that have failed again, as new tasks; answers these as a Group.

        What waited for one of them waits for its retry now. What was canceled stays so.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     group = gator.map(divmod, [7, 7], [2, 0]).wait()
        ...     group.retry_failed().wait().counts()
        {<Status.FAILED: 2>: 1}
        """
        self.refresh()
        failed = {
            task.task_id: task for task in self._tasks if task.handle.record.status is Status.FAILED
        }
        fresh = {task_id: new_id() for task_id in failed}
        pushes = [
            again(self._client, task.handle.record, fresh[task_id], instead=_meant(task, fresh))
            for task_id, task in failed.items()
        ]
        found = self._client.put(pushes) if pushes else []
        pairs = zip(failed.values(), found, strict=True)
        return Group(self._client, [old.stored(self._client, record) for old, record in pairs])

    def table(self, results: bool = False) -> "pd.DataFrame":
        """A DataFrame with a row for each task, by its id, as it stands now; tasks that run or
        have failed are rows too.

        Columns are the parameters of the call, `status`, `elapsed` in seconds, `peak_memory` in
        bytes, the newest figure of each metric, the result (`result`; a dict becomes columns of
        its own) and `error`. A name that comes up twice is followed by what it is: "loss
        (metric)".

        Args:
            results: whole results in place of numbers, short texts and previews.

        Raises:
            ImportError: there is no pandas here.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     group = gator.grid(round, number=[1.25], ndigits=[0, 1]).wait()
        ...     group.table().result.tolist()
        [1.0, 1.2]
        """
        self.refresh()
        return table(self._client, self._tasks, results=results)

    def refresh(self, older: float = 0.0) -> None:
        """Read all that may have changed, a thousand or so at a time.

        Args:
            older: what was read less than so many seconds ago is not read again.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     group = gator.map(pow, [2], [10])
        ...     task = gator.pop()
        ...     group.refresh()
        ...     group
        <Group of 1: 1 success>
        """
        handles = [task.handle for task in self._tasks]
        stale = [not one.record.done and one.age >= older for one in handles]
        for several in _chunks(list(itertools.compress(self._tasks, stale))):
            records = self._client.backend.get([task.task_id for task in several])
            for task, record in zip(several, records, strict=True):
                if record is not None:
                    task.handle.see(record)

    def __repr__(self) -> str:
        known = Counter(str(task.handle.record.status) for task in self._tasks)
        told = ", ".join(f"{number} {word}" for word, number in known.items())
        return f"<Group of {len(self)}: {told}>" if told else "<Group of 0>"


def _travelled(tasks: Sequence[Task]) -> Group:
    return Group(CLIENT.get(), tasks)


_CHUNK = 1_000
"""Tasks that one step of the store is about, so that it serves others in between."""


def _chunks(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    return (tasks[start : start + _CHUNK] for start in range(0, len(tasks), _CHUNK))


def _concerned(record: Record) -> bool:
    return record.status is Status.CANCELED or (not record.done and record.cancel_at is not None)


def _meant(task: Task, fresh: Mapping[str, str]) -> dict[str, str]:
    """What a retry waits for in place of tasks that are run again too."""
    return {one: fresh[one] for one in task.handle.record.depends_on if one in fresh}


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
