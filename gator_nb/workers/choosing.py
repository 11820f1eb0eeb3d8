"""Where the tasks of a worker run: threads, processes, anybody's executor, a Dask cluster. What is
not used is not loaded."""

import concurrent.futures
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..constants import PROCESS_LEASE, THREAD_LEASE
from ..executors.base import Executor
from ..executors.thread import ThreadExecutor

if TYPE_CHECKING:
    from .worker import Worker


def executor_for(worker: "Worker", on_event: Callable[[], None]) -> Executor:
    """The executor that a worker asks for; `on_event` wakes its loop."""
    if worker.foreign is not None:
        return _foreign(worker, worker.foreign, on_event)
    if worker.processes:
        return _processes(worker, worker.processes, on_event)
    gator = worker.gator
    return ThreadExecutor(gator.client, worker.threads, gator.task_class, on_event)


def lease_of(worker: "Worker") -> float:
    """How long a worker may be silent whose code runs in other processes: in a kernel the user's
    cells may hold the interpreter's lock."""
    return PROCESS_LEASE if worker.alone else THREAD_LEASE


def _processes(worker: "Worker", number: int, on_event: Callable[[], None]) -> Executor:
    from ..executors.process import ProcessExecutor

    return ProcessExecutor(
        worker.gator.client,
        number,
        capacities=worker.capacities,
        name=worker.id,
        lease=lease_of(worker),
        adopts=worker.alone,
        on_event=on_event,
        log=worker.log.error,
    )


def _foreign(
    worker: "Worker", executor: concurrent.futures.Executor, on_event: Callable[[], None]
) -> Executor:
    from ..executors.dask_cluster import is_of_dask

    client = worker.gator.client
    if not is_of_dask(executor):
        from ..executors.future import FutureExecutor

        slots = worker.threads or None
        return FutureExecutor(client, executor, slots, on_event, worker.executor_gone)
    from ..executors.dask import DaskExecutor

    return DaskExecutor(
        client,
        executor,
        lease=lease_of(worker),
        on_event=on_event,
        on_gone=worker.executor_gone,
    )
