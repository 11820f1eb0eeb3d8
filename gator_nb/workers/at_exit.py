"""Workers in the background of a process that ends."""

import atexit
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .worker import Worker

_EXIT_GRACE = 0.5
"""Seconds that running tasks have at the interpreter's exit before they are interrupted; a front
end kills a kernel two seconds after it has asked it to end."""

_started: "weakref.WeakSet[Worker]" = weakref.WeakSet()


def stop_at_exit(worker: "Worker") -> None:
    """Stop this worker, should it still run when the interpreter ends."""
    if not _started:
        atexit.register(_stop_all)
    _started.add(worker)


def _stop_all() -> None:
    """Stop every worker of this process, all at once."""
    workers = [worker for worker in _started if worker.running]
    for worker in workers:
        worker.keep_running = False
    for worker in workers:
        worker.stop(_EXIT_GRACE)
