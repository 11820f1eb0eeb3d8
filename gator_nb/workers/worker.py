"""A worker in a user's hand: alligator's verbs, and a background thread."""

import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from ..constants import ALL, EVERY
from ..definition import new_id
from ..host.capacities import Capacities
from ..states import Status
from ..tasks.handle import Handle
from .at_exit import stop_at_exit
from .foreground import logging_of, short_turns, signals_to
from .slots import check_slots, default_slots
from .supervisor import Supervisor

if TYPE_CHECKING:
    import concurrent.futures

    from ..gator import Gator


class Worker:
    """Runs the tasks of a queue, in threads of this process.

    Args:
        gator: the store and the queue.
        max_tasks: stop after so many; 0 is never.
        to_consume: a queue's name, several, or EVERY; ALL is the gator's own queue.
        nap_time: seconds that an idle wait lasts at most.
        log_level: of the logger that `run_forever` writes to.
        threads: run so many tasks at a time in threads of this process; None is one a core, four
            at most.
        processes: run them in so many processes instead, which can be stopped whatever they do.
        executor: run them there instead: any `concurrent.futures.Executor`, as loky's or a Dask
            client's `get_executor()`; `threads` is then how many it is given at a time (a Dask
            cluster tells itself). A cancel reaches what has not begun there, and on Dask what runs,
            as it reaches a thread. It stays yours to shut down.
        name: shown beside its tasks; None is the host and process.
        has: what it has for tasks with `needs`, as {"gpu": 2, "memory": "64GB", "license": 1}. GPUs
            (by nvidia-smi) and memory (by the cgroup, else the host's) are found where nothing is
            said of them and the code runs on this host.
        self_fence: stop what runs before the lease ends, when the store has not been heard of for
            so long: for work that must never run twice at a time. Without it a task goes on, and
            may then be run by another worker as well.

    Example:
        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator, Worker(gator):
        ...     gator.task(pow, 2, 10).get()
        1024
    """

    def __init__(
        self,
        gator: "Gator",
        max_tasks: int = 0,
        to_consume: str | Sequence[str] = ALL,
        nap_time: float = 0.1,
        log_level: int = logging.INFO,
        *,
        threads: int | None = None,
        processes: int | None = None,
        executor: "concurrent.futures.Executor | None" = None,
        name: str | None = None,
        has: Mapping[str, object] | None = None,
        self_fence: bool = False,
    ) -> None:
        check_slots(gator, threads, processes)
        self.gator = gator
        self.max_tasks = int(max_tasks)
        self.to_consume = to_consume
        self.nap_time = nap_time
        self.tasks_complete = 0
        self.fenced = 0
        """Tries that came to nothing because their claim had gone: their result was dropped, or
        they were stopped."""
        self.keep_running = False
        self.log_level = log_level
        self.log = logging.getLogger("gator_nb.worker")
        self.name = name
        self.self_fence = self_fence
        self.capacities = Capacities(has, find=executor is None)
        """What it has for tasks with `needs`."""
        self.id = new_id()[:16]
        self.processes = processes
        self.foreign = executor
        self.threads = threads or (0 if processes or executor else default_slots())
        self.registered = threading.Event()
        """The store knows of it."""
        self.cut_by: int | None = None
        """The second signal, once it has come."""
        self.alone = False
        """This process is only this worker."""
        self.orphaned = False
        """Its executor has gone."""
        self._thread: threading.Thread | None = None
        self._loop: Supervisor | None = None

    # -- alligator's own -----------------------------------------------------------------------

    def ident(self) -> str:
        """A short text that names this worker and its process.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     Worker(gator).ident()
        'Alligator Worker (#...)'
        """
        return f"Alligator Worker (#{os.getpid()})"

    def starting(self) -> None:
        """Called before the first task; logs that it starts.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = Worker(gator)
        ...     worker.starting()
        ...     worker.keep_running
        True
        """
        self.keep_running = True
        limit = f"will stop after {self.max_tasks} tasks" if self.max_tasks else "has no limit"
        self.log.info("%s starts on %s and %s", self.ident(), _words(self.queues), limit)

    def interrupt(self) -> None:
        """Called at a signal: begin nothing more, finish what runs.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = Worker(gator)
        ...     worker.interrupt()
        ...     worker.keep_running
        False
        """
        self.keep_running = False
        self.log.info("%s was interrupted; it finishes what runs", self.ident())
        self._wake()

    def stopping(self) -> None:
        """Called after the last task; logs that it stops.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = Worker(gator)
        ...     worker.stopping()
        ...     worker.keep_running
        False
        """
        self.keep_running = False
        self.log.info("%s stops after %d tasks", self.ident(), self.tasks_complete)

    def result(self, result: Any) -> None:
        """Called with the value of each task that `check_and_run_task` ran; logs it.

        >>> from gator_nb import Gator
        >>> class Loud(Worker):
        ...     def result(self, result):
        ...         print("it is", result)
        >>> with Gator("memory://") as gator:
        ...     task = gator.task(pow, 2, 10)
        ...     Loud(gator).check_and_run_task()
        it is 1024
        True
        """
        if result is not None:
            self.log.info("%r", result)

    def check_and_run_task(self) -> bool:
        """Run one task in this thread: True when it succeeded, False when there was none or it
        failed; an error is logged.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     task = gator.task(pow, 2, 10)
        ...     Worker(gator).check_and_run_task(), task.result
        (True, 1024)
        """
        try:
            task = self.gator.pop_from(self.queues)
        except Exception as error:
            self.log.exception(error)  # noqa: TRY401
            return False
        if task is None:
            return False
        self.tasks_complete += 1
        self.result(task.result)
        return bool(task.status == Status.SUCCESS)

    def run_forever(self) -> int:
        """Run tasks in this process until it is told to stop, or `max_tasks` have run.

        SIGINT and SIGTERM let what runs finish; a second one interrupts it. Answers an exit code:
        0 when all was settled, 1 when a task could not be stopped or its executor has gone, 130 or
        143 after two signals.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     task = gator.task(pow, 2, 10)
        ...     Worker(gator, max_tasks=1).run_forever(), task.result
        (0, 1024)
        """
        with logging_of(self), signals_to(self), short_turns():
            self.starting()
            self.alone = True
            self._begin()
            # The loop has a thread of its own, so that no signal strikes amid what it does.
            while self._loop is not None and not self._loop.stopped.wait(_SIGNAL_CHECK):
                pass
            self.stopping()
            self._finish()
        return self.exit_code

    @property
    def exit_code(self) -> int:
        """What a process that was only this worker ends with."""
        if self.orphaned or (self._loop is not None and not self._loop.clean):
            return 1
        return 0 if self.cut_by is None else 128 + self.cut_by

    def cut_short(self) -> None:
        """Interrupt what still runs; it goes back to the queue."""
        self.keep_running = False
        if self._loop is not None:
            self._loop.deadline = time.monotonic()
            self._wake()

    def idle_for(self) -> float:
        """Seconds for which there has been nothing to run."""
        return 0.0 if self._loop is None else self._loop.idle_for()

    @property
    def slots(self) -> int:
        """How many tasks it runs at a time.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     with Worker(gator, threads=3) as worker:
        ...         worker.slots
        3
        """
        return 0 if self._loop is None else self._loop.executor.slots

    @property
    def in_touch(self) -> bool:
        """The store answered the last time.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator, Worker(gator) as worker:
        ...     worker.in_touch
        True
        """
        return self._loop is not None and self._loop.away_since is None

    @property
    def running_now(self) -> int:
        """How many tasks it runs just now.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     with Worker(gator) as worker:
        ...         worker.running_now
        0
        """
        return 0 if self._loop is None else len(self._loop.executor.running())

    # -- in the background -----------------------------------------------------------------------

    @property
    def queues(self) -> tuple[str, ...] | None:
        """The queues it serves; None is every one.

        >>> from gator_nb import Gator
        >>> with Gator("memory://", "etl") as gator:
        ...     Worker(gator).queues, Worker(gator, to_consume="*").queues
        (('etl',), None)
        """
        wanted = (self.to_consume,) if isinstance(self.to_consume, str) else tuple(self.to_consume)
        if EVERY in wanted:
            return None
        return tuple(self.gator.queue_name if name == ALL else name for name in wanted)

    @property
    def running(self) -> bool:
        """Its background thread is there.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     with Worker(gator) as worker:
        ...         worker.running
        True
        """
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> Self:
        """Run tasks in the background of this process until `stop`, or until it ends.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = Worker(gator).start()
        ...     gator.task(pow, 2, 10).get()
        ...     worker.stop()
        1024
        True
        """
        if not self.running:
            self.keep_running = True
            self._begin()
            stop_at_exit(self)
        return self

    def stop(self, timeout: float | None = None) -> bool:
        """Begin nothing more, give back what has not begun, wait for what runs.

        After `timeout` seconds (None: as long as it takes) running code is interrupted. What
        stops goes back to the queue; what does not (a thread in C code) keeps its claim until it
        ends, or the process does. True when nothing runs any more.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     worker = Worker(gator).start()
        ...     worker.stop(timeout=5.0)
        True
        """
        self.keep_running = False
        loop = self._loop
        if loop is None:
            return True
        loop.deadline = None if timeout is None else time.monotonic() + timeout
        self._wake()
        if self._thread is not threading.current_thread():
            loop.stopped.wait()
            self._finish()
        return loop.clean

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def executor_gone(self, why: str) -> None:
        """Called when its executor will run nothing more: the worker ends."""
        self.log.error("%s ends: %s", self.ident(), why)
        self.orphaned = True
        self.keep_running = False
        self._wake()

    def _begin(self) -> None:
        loop = self._loop = Supervisor(self)
        self._thread = threading.Thread(
            target=_serve, args=(loop,), name="gator_nb worker", daemon=True
        )
        self._thread.start()

    def _finish(self) -> None:
        """Let go of a loop that has stopped; one that could not stop everything lingers."""
        if self._loop is None or self._thread is None:
            return
        if self._loop.clean:
            self._thread.join()
        elif not self.running_now:  # it still has to say what the store was not told
            self._thread.join(_LAST_WORDS)
        Handle.moved_here()

    def _wake(self) -> None:
        if self._loop is not None:
            self._loop.listener.wake()


def _serve(loop: Supervisor) -> None:
    """The life of a loop, on its thread."""
    try:
        loop.run()
        if not loop.clean:
            loop.linger()
    finally:
        loop.stopped.set()
        loop.leave()


_LAST_WORDS = 5.0
"""Seconds that a worker has to sign off from a store that may be away."""

_SIGNAL_CHECK = 60.0
"""Seconds; a signal's handler runs at once whatever this is, only Windows needs to look."""


def _words(queues: tuple[str, ...] | None) -> str:
    return "every queue" if queues is None else ", ".join(queues)
