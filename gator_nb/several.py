"""Many tasks at once: pushed by one call, waited for together."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from .attempts.runtime import current_task
from .backends.base import Filter
from .option_values import Duration
from .options import Options
from .tasks.group import Group, records
from .tasks.listing import Listing
from .tasks.task import Task

if TYPE_CHECKING:
    from .gator import Gator


class Several(Listing):
    """The part of a `Gator` that is about many tasks."""

    def map(self, func: Callable[..., Any], /, *iterables: Iterable[Any], **kwargs: Any) -> Group:
        """Push a call for each item, or for each pair of items of several iterables, as a Group.

        Raises:
            ValueError: the iterables are not of one length.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     [task.func_args for task in gator.map(pow, [2, 3], [10, 2])]
        [(2, 10), (3, 2)]
        """
        return Options(cast("Gator", self)).map(func, *iterables, **kwargs)

    def grid(self, func: Callable[..., Any], /, *constants: Any, **lists: Any) -> Group:
        """Push a call for every combination of the lists, as a Group; `constants` go first.

        Raises:
            TypeError: something that is no list, tuple, range or 1-d array; wrap it: `[df]`.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     len(gator.grid(pow, 2, exp=[1, 2, 3]))
        3
        """
        return Options(cast("Gator", self)).grid(func, *constants, **lists)

    def wait(
        self, tasks: "Task | Iterable[Task] | None" = None, timeout: Duration | None = None
    ) -> Group:
        """Wait until these tasks have ended, whatever became of them.

        Without `tasks` it waits for all that were pushed here, and raises when some of them
        failed: as the last cell of a notebook that runs unattended, it keeps the kernel alive and
        the run honest.

        Raises:
            WaitTimeout: the time is over; the rest go on.
            ExceptionGroup: without `tasks`: the errors of those that failed.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     tasks = gator.map(pow, [2, 3], [10, 2])
        ...     gator.wait().counts()
        {<Status.SUCCESS: 1>: 2}
        """
        if tasks is None:
            if current_task() is not None:
                raise TypeError("inside a task say what to wait for, or it waits for itself too")
            mine = list(records(self.backend, Filter(session=self.client.session)))
            tasks = [self._handle(record) for record in reversed(mine)]
            return Group(self.client, tasks).wait(timeout).raise_failures()
        several = [tasks] if isinstance(tasks, Task) else list(tasks)
        return Group(self.client, several).wait(timeout)

    def as_completed(
        self, tasks: Iterable[Task], timeout: Duration | None = None
    ) -> Iterator[Task]:
        """These tasks as they end, each once.

        Raises:
            WaitTimeout: the time is over; the rest go on.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     tasks = gator.map(pow, [2, 3], [10, 2])
        ...     sorted(task.result for task in gator.as_completed(tasks))
        [9, 1024]
        """
        return Group(self.client, list(tasks)).as_completed(timeout)
