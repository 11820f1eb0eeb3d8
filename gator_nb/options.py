"""`gator.options(...)`: options for the calls that follow, one, many or a grid of them."""

import itertools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Self

from .definition import new_id
from .payload import repeated_random_state
from .tasks.group import Group
from .tasks.task import Task
from .warning import warn_user
from .workers.pool import TaskPool

if TYPE_CHECKING:
    from .gator import Gator


class Options:
    """Options for calls; `gator.options(...)` makes one. Reusable, with or without `with`.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator, gator.options(retries=2, name="power") as opts:
    ...     opts.task(pow, 2, 10).name
    'power'
    """

    def __init__(self, gator: "Gator", **kwargs: Any) -> None:
        self.gator = gator
        self.task_kwargs = kwargs
        self._new()  # a wrong option is told where it is written

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def task(self, func: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Task:
        """Push a call with these options; every keyword goes to the function.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.options(delay_by="2h").task(pow, 2, 10).status
        <Status.DELAYED: 3>
        """
        return self.gator.push(self._new(), func, *args, **kwargs)

    def map(self, func: Callable[..., Any], /, *iterables: Iterable[Any], **kwargs: Any) -> Group:
        """Push a call for each item (of several iterables: for each row), all in one step.

        Raises:
            ValueError: the iterables are not of one length.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     len(gator.options(retries=1).map(pow, [2, 3], [10, 2]))
        2
        """
        if not iterables:
            raise TypeError("map(func, items): give the items")
        columns = [list(items) for items in iterables]
        if len({len(column) for column in columns}) > 1:
            lengths = ", ".join(str(len(column)) for column in columns)
            raise ValueError(f"map needs iterables of one length; these have {lengths}")
        return self.many(func, [(row, kwargs) for row in zip(*columns, strict=True)])

    def grid(self, func: Callable[..., Any], /, *constants: Any, **lists: Any) -> Group:
        """Push a call for every combination of the lists; `constants` go first, the last list
        varies fastest.

        Raises:
            TypeError: something that is no list, tuple, range or 1-d array; wrap it: `[df]`.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     len(gator.options(reuse=True).grid(round, number=[1.25, 2.5], ndigits=[0, 1]))
        4
        """
        columns = [_values(name, values) for name, values in lists.items()]
        rows = itertools.product(*columns)
        return self.many(func, [(constants, dict(zip(lists, row, strict=True))) for row in rows])

    def executor(self) -> TaskPool:
        """A `concurrent.futures.Executor` that pushes what is submitted with these options.

        Raises:
            TypeError: they are of a single task, or of one that is not pushed at all.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     gator.options(retries=2).executor().submit(pow, 2, 10).result()
        1024
        """
        self._check_for_many()
        return TaskPool(self)

    def many(
        self, func: Callable[..., Any], calls: list[tuple[tuple[Any, ...], dict[str, Any]]]
    ) -> Group:
        """Push a call of one function for each of these arguments, all in one step."""
        self._check_for_many()
        told = repeated_random_state(func, calls)
        if told is not None:
            warn_user(told)
        return self.gator.push_many(self._new, func, calls, new_id())

    def _check_for_many(self) -> None:
        given = self.task_kwargs
        if given.get("task_id") is not None:
            raise TypeError("task_id names one task; for many, give a name: options(name=...)")
        if not given.get("is_async", given.get("async", True)):
            raise TypeError("is_async=False runs one task at once; map and grid need the queue")

    def _new(self) -> Task:
        return self.gator.task_class(**self.task_kwargs)


def _values(name: str, values: Any) -> list[Any]:
    if isinstance(values, list | tuple | range):
        return list(values)
    if getattr(values, "ndim", None) == 1 and not hasattr(values, "items"):
        return list(values.tolist())
    raise TypeError(
        f"{name}={type(values).__name__}: grid takes lists, tuples, ranges and 1-d arrays; "
        f"for one value write {name}=[...]"
    )
