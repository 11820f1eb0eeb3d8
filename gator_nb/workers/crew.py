"""The workers that one gator has started: threads of this process, and a process beside it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..needs import Needs, needs_of
from .slots import check_slots, default_slots
from .worker import Worker
from .worker_process import WorkerProcess

if TYPE_CHECKING:
    from ..gator import Gator


class Crew:
    """At most one worker of each kind, serving the gator's own queue."""

    def __init__(self, gator: "Gator") -> None:
        self._gator = gator
        self._threads: Worker | None = None
        self._processes: WorkerProcess | None = None
        self._has: dict[str, Needs | None] = {}
        """What each of them was told that it has."""

    def start(
        self,
        threads: int | None = None,
        processes: int | None = None,
        has: Mapping[str, object] | None = None,
    ) -> "Crewman":
        """Start the worker that is wanted, or answer the one that runs already.

        Raises:
            ValueError: one runs already with another number or other capacities; or threads and
                processes at once.
        """
        check_slots(self._gator, threads, processes)
        capacities = needs_of(has, "has", least=0)
        if processes is None:
            return self._with_threads(threads, capacities)
        return self.with_processes(processes, has=capacities)

    def have_threads(self) -> None:
        """Start threads unless they are there."""
        if self._threads is None or not self._threads.running:
            self._with_threads(None)

    def have_processes(self) -> None:
        """Start a worker process unless it is there; nobody waits for it."""
        if self._processes is None or not self._processes.running:
            self.with_processes(default_slots())

    def _with_threads(self, threads: int | None, has: Needs | None = None) -> Worker:
        worker = self._threads
        if worker is None or not worker.running:
            worker = self._threads = Worker(self._gator, threads=threads, has=has).start()
            self._has["threads"] = has
        elif threads not in (None, worker.threads) or has not in (None, self._has["threads"]):
            raise _already(worker.threads, "threads", self._has["threads"])
        return worker

    def with_processes(
        self, processes: int, *, detach: bool = False, has: Needs | None = None
    ) -> WorkerProcess:
        """Start a worker process; it may not serve yet: see its `wait_until_ready`."""
        worker = self._processes
        if worker is None or not worker.running:
            if worker is not None:
                worker.stop(0)  # it has ended by itself
            queues = [self._gator.queue_name]
            address = self._gator.backend.address
            worker = WorkerProcess(address, queues, processes, detach=detach, has=has).start()
            self._processes = None if detach else worker
            self._has["processes"] = has
        elif processes != worker.processes or has not in (None, self._has["processes"]):
            raise _already(worker.processes, "processes", self._has["processes"])
        return worker

    def stop(self, timeout: float | None) -> bool:
        """Stop both; True when nothing runs any more."""
        crew, self._threads, self._processes = (self._threads, self._processes), None, None
        stopped = [one.stop(timeout) for one in crew if one is not None]
        return all(stopped)


Crewman = Worker | WorkerProcess


def _already(number: int, what: str, has: Needs | None) -> ValueError:
    with_it = f" with has={has}" if has else ""
    return ValueError(f"{number} {what} run already{with_it}: gator.stop_worker() first")
