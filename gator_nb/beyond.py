"""The ways from a queue to other libraries: futures, joblib, and the page in a browser."""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, cast

from .backends.base import Backend
from .options import Options
from .workers.pool import TaskPool

if TYPE_CHECKING:
    from .gator import Gator


class Beyond:
    """The part of a `Gator` that other libraries meet."""

    backend: Backend

    def executor(self) -> TaskPool:
        """A `concurrent.futures.Executor` that pushes to this queue, for code that takes one. It
        starts no worker.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker()
        ...     gator.executor().submit(pow, 2, 10).result()
        1024
        """
        return Options(cast("Gator", self)).executor()

    def joblib(self, n_jobs: int = -1, **options: Any) -> AbstractContextManager[None]:
        """While it is open, joblib's `Parallel`, and so scikit-learn, runs on this queue: each
        batch is a task, to be seen and canceled as any other, and large arrays are stored once.

        It starts no worker. Nested `Parallel` calls run where their task runs.

        Args:
            n_jobs: how many batches at a time where the code does not say; -1 is as many as the
                workers of this queue have slots.
            options: of the tasks; see `Task`.

        Raises:
            ImportError: joblib is not installed.
            TypeError: there is no such option.

        >>> from gator_nb import Gator
        >>> from joblib import Parallel, delayed
        >>> with Gator("memory://") as gator:
        ...     worker = gator.start_worker(threads=2)
        ...     with gator.joblib():
        ...         Parallel()(delayed(pow)(2, n) for n in range(4))
        [1, 2, 4, 8]
        """
        from .integrations.joblib import parallel  # loads joblib

        return parallel(cast("Gator", self), n_jobs, options)

    def dashboard(self, *, read_only: bool = False) -> Any:
        """The dashboard of this store, served by a thread of this process: as the last value of a
        cell the page itself. It lives while a cell blocks.

        Raises:
            StoreUnavailable, StoreCorrupt: the store cannot be shown, as one in memory.

        >>> from gator_nb import Gator
        >>> with Gator() as gator:
        ...     page = gator.dashboard()
        ...     page.running
        ...     page.close()
        True
        """
        from .dashboard.thread import dashboard  # loads Panel

        return dashboard(self.backend.address, read_only=read_only)
