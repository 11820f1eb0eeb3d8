"""joblib on a queue: each batch of a `Parallel` call is a task.

The methods of `ParallelBackendBase` are joblib's own for backends, as its documentation of
`register_parallel_backend` lists them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import joblib
from joblib._parallel_backends import AutoBatchingMixin, ParallelBackendBase

from ..client.here import waiting
from ..client.workforce import serves, workers
from ..definition import function_name, new_id
from ..errors import TaskCanceled
from ..tasks.group import Group
from ..tasks.task import Task
from ..workers.slots import default_slots

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ..gator import Gator


_QUEUED = 2
"""Jobs from which on joblib asks its backend at all: one it runs where it is called."""


@contextmanager
def parallel(gator: "Gator", n_jobs: int, options: Mapping[str, Any]) -> Iterator[None]:
    """See `Gator.joblib`."""
    Task(**options)  # a wrong option is told where it is written
    with joblib.parallel_config(backend=QueueBackend(gator, options), n_jobs=n_jobs):
        yield


class QueueBackend(AutoBatchingMixin, ParallelBackendBase):  # type: ignore[misc]
    """A joblib backend on the queue of a gator."""

    supports_retrieve_callback = True

    def __init__(self, gator: "Gator", options: Mapping[str, Any]) -> None:
        super().__init__()
        self._gator = gator
        self._options = dict(options)
        self._group = new_id()
        self._tasks: dict[int, Task] = {}
        """What has not ended, by its future."""

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        if n_jobs is None:
            return 1
        slots = self._slots() or default_slots()
        return n_jobs if n_jobs > 0 else max(_QUEUED, slots + 1 + n_jobs)

    def _slots(self) -> int:
        """How many tasks the workers of the queue run at a time."""
        queue = self._options.get("queue") or self._gator.queue_name
        there = (one.presence for one in workers(self._gator.backend))
        return sum(one.slots for one in there if serves(one, queue))

    def configure(self, n_jobs: int | None = 1, parallel: Any = None, **_: Any) -> int:
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def start_call(self) -> None:
        self._group = new_id()

    def submit(self, func: Any, callback: Callable[[Any], Any] | None = None) -> "Future[Any]":
        group = self._gator.push_many(self._new_task(func), func, [((), {})], self._group)
        task = next(iter(group))
        future = task.future
        self._tasks[id(future)] = task
        future.add_done_callback(lambda done: self._tasks.pop(id(done), None))
        if callback is not None:
            future.add_done_callback(callback)
        return future

    apply_async = submit
    """What it was called before joblib 1.5."""

    def _new_task(self, func: Any) -> Callable[[], Task]:
        options = {"name": _name(func), **self._options}
        return lambda: self._gator.task_class(**options)

    def retrieve_result_callback(self, out: "Future[Any]") -> Any:
        if out.cancelled():
            raise TaskCanceled("a batch of this Parallel call was canceled, and so is the call")
        return out.result()

    def abort_everything(self, ensure_ready: bool = True) -> None:  # noqa: ARG002 -- it always is
        """One batch has failed, or nobody wants the rest: it does not run, or is asked to stop."""
        left = list(self._tasks.values())
        if left:
            Group(self._gator.client, left).cancel()

    def terminate(self) -> None:
        """The next call finds out anew how many of its calls make a batch."""
        self.reset_batch_stats()

    def retrieval_context(self) -> AbstractContextManager[Any]:
        """A task that waits for its own batches takes no slot meanwhile."""
        return waiting()


def _name(func: Any) -> str:
    """What a batch is called: its function, as scikit-learn's `_fit_and_score`, and its calls."""
    items = getattr(func, "items", None)
    if not items:
        return function_name(func)
    inner = getattr(items[0][0], "function", items[0][0])  # scikit-learn wraps it
    more = f" ×{len(items)}" if len(items) > 1 else ""
    return f"{function_name(inner)}{more}"
