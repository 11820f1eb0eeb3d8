"""A queue as a `concurrent.futures.Executor`: for code that takes one, and habits that fit one."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, TypeVar

from ..definition import function_name
from ..option_values import Duration, seconds
from ..tasks.futures import futures_of, wait_for
from ..tasks.task import Task

if TYPE_CHECKING:
    from ..options import Options

T = TypeVar("T")


class TaskPool(Executor):
    """Pushes what is submitted; `gator.executor()` makes one.

    It starts no worker: its tasks run where the queue's workers are, and go on when this process
    ends. Arguments and functions are pickled at `submit`; what does not pickle raises there.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     worker = gator.start_worker()
    ...     with gator.executor() as executor:
    ...         list(executor.map(pow, [2, 3], [10, 2]))
    [1024, 9]
    """

    def __init__(self, options: "Options") -> None:
        self._options = options
        self._lock = threading.Lock()
        self._open: set[Future[Any]] = set()
        self._shut = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Push a call; answers its future.

        Raises:
            RuntimeError: after `shutdown`.
            TypeError: the function cannot be called like that.
            NotPicklable: names what is in the way, and the mend.
        """
        return self._pushed(lambda: [self._options.task(fn, *args, **kwargs)])[0]

    def map(
        self,
        fn: Callable[..., T],
        *iterables: Iterable[Any],
        timeout: Duration | None = None,
        chunksize: int = 1,
    ) -> Iterator[T]:
        """The results of a call for each item (of several iterables: up to the shortest), in
        their order; all are pushed at once.

        Args:
            timeout: how long, from now on, all results may take.
            chunksize: items that one task is for: more of them cost less, and fail together.

        Raises:
            TimeoutError: when a result is asked for that is not there in time.
            Exception: what the call raised, when its result is asked for.
        """
        if chunksize < 1:
            raise ValueError(f"chunksize={chunksize}: give 1 or more")
        limit = None if timeout is None else time.monotonic() + seconds(timeout, "timeout")
        rows = list(zip(*iterables))  # noqa: B905 -- up to the shortest, as every executor has it
        if chunksize == 1:
            return self._map(fn, rows, limit)
        chunks = [(rows[at : at + chunksize],) for at in range(0, len(rows), chunksize)]
        return itertools.chain.from_iterable(self._map(_Chunk(fn), chunks, limit))

    def _map(
        self, fn: Callable[..., Any], rows: list[tuple[Any, ...]], limit: float | None
    ) -> Iterator[Any]:
        calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [(row, {}) for row in rows]
        return _results(self._pushed(lambda: self._options.many(fn, calls)), limit)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls. What was submitted stays on the queue, and is waited for.

        Args:
            wait: return once all of it has ended.
            cancel_futures: cancel what has not started.
        """
        with self._lock:
            self._shut = True
            left = list(self._open)
        if cancel_futures:
            for future in left:
                future.cancel()
        if wait:
            wait_for(left)

    def _pushed(self, push: Callable[[], Sequence[Task]]) -> list[Future[Any]]:
        with self._lock:
            if self._shut:
                raise RuntimeError("cannot schedule new futures after shutdown")
            pending: list[Future[Any]] = list(futures_of(self._options.gator.client, push()))
            self._open.update(pending)
        for future in pending:
            future.add_done_callback(self._open.discard)
        return pending


class _Chunk:
    """A function for several rows of arguments."""

    def __init__(self, func: Callable[..., Any]) -> None:
        self.func = func
        self.__name__ = function_name(func)

    def __call__(self, rows: list[tuple[Any, ...]]) -> list[Any]:
        return [self.func(*row) for row in rows]


def _results(pending: list[Future[Any]], limit: float | None) -> Iterator[Any]:
    """The results in order. Who stops asking, or meets an error, wants no more of them."""
    pending.reverse()

    def each() -> Iterator[Any]:
        try:
            while pending:
                yield _result(pending.pop(), limit)
        finally:
            for future in pending:
                future.cancel()

    return each()


def _result(future: Future[Any], limit: float | None) -> Any:
    try:
        return future.result(None if limit is None else limit - time.monotonic())
    except TimeoutError:
        future.cancel()
        raise
    finally:
        del future  # or a traceback would keep the result alive
