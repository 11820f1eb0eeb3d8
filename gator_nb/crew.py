"""The workers that one gator has started: threads of this process, and a process beside it."""

from typing import TYPE_CHECKING

from .worker import Worker, check_slots, default_slots
from .worker_process import WorkerProcess

if TYPE_CHECKING:
    from .gator import Gator


class Crew:
    """At most one worker of each kind, serving the gator's own queue."""

    def __init__(self, gator: "Gator") -> None:
        self._gator = gator
        self._threads: Worker | None = None
        self._processes: WorkerProcess | None = None

    def start(self, threads: int | None = None, processes: int | None = None) -> "Crewman":
        """Start the worker that is wanted, or answer the one that runs already.

        Raises:
            ValueError: one runs already with another number; or threads and processes at once.
        """
        check_slots(self._gator, threads, processes)
        return self._with_threads(threads) if processes is None else self.with_processes(processes)

    def have_threads(self) -> None:
        """Start threads unless they are there."""
        if self._threads is None or not self._threads.running:
            self._with_threads(None)

    def have_processes(self) -> None:
        """Start a worker process unless it is there; nobody waits for it."""
        if self._processes is None or not self._processes.running:
            self.with_processes(default_slots())

    def _with_threads(self, threads: int | None) -> Worker:
        worker = self._threads
        if worker is None or not worker.running:
            worker = self._threads = Worker(self._gator, threads=threads).start()
        elif threads not in (None, worker.threads):
            raise _already(worker.threads, "threads")
        return worker

    def with_processes(self, processes: int, *, detach: bool = False) -> WorkerProcess:
        """Start a worker process; it may not serve yet: see its `wait_until_ready`."""
        worker = self._processes
        if worker is None or not worker.running:
            if worker is not None:
                worker.stop(0)  # it has ended by itself
            queues = [self._gator.queue_name]
            address = self._gator.backend.address
            worker = WorkerProcess(address, queues, processes, detach=detach).start()
            self._processes = None if detach else worker
        elif processes != worker.processes:
            raise _already(worker.processes, "processes")
        return worker

    def stop(self, timeout: float | None) -> bool:
        """Stop both; True when nothing runs any more."""
        crew, self._threads, self._processes = (self._threads, self._processes), None, None
        stopped = [one.stop(timeout) for one in crew if one is not None]
        return all(stopped)


Crewman = Worker | WorkerProcess


def _already(number: int, what: str) -> ValueError:
    return ValueError(f"{number} {what} run already: gator.stop_worker() first")
