"""User code in threads of this process.

Threads are started as they are needed and reused; one that was ever interrupted is retired,
because what was set in it may still be on its way.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from ..attempts.attempt import Ended, attempt, snapshot_loader
from ..attempts.displays import capture_displays
from ..attempts.running import Cause, Running, Try
from ..attempts.teaching import teach_libraries
from ..backends.base import Claimed
from ..client.client import Client
from ..constants import THREAD_LEASE
from ..output.c_output import hearing
from ..output.routing import routing
from ..tasks.task import Task
from .base import Report
from .tries import Tries

_JOIN = 1.0
"""Seconds that closing waits for idle threads to end."""


class ThreadExecutor:
    """Runs tasks in up to `slots` threads; `on_event` is called from them when one has ended or
    has something to tell."""

    def __init__(
        self, client: Client, slots: int, task_class: type[Task], on_event: Callable[[], None]
    ) -> None:
        self.slots = slots
        self.lanes = client.lanes("thread")
        self.lease = THREAD_LEASE
        self.kills = self.apart = False
        self._client = client
        self._task_class = task_class
        self._on_event = on_event
        self._inbox: queue.SimpleQueue[Claimed | None] = queue.SimpleQueue()
        self._tries: Tries[Try] = Tries(client, on_event)
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._closing = False
        self._routing = ExitStack()

    def submit(self, claimed: Sequence[Claimed]) -> None:
        if not self._threads:
            teach_libraries()
            self._routing.enter_context(routing())
        for one in claimed:
            self._inbox.put(one)
        for _ in claimed:
            self._start_thread()

    def waiting(self) -> int:
        return self._inbox.qsize()

    def running(self) -> Sequence[Try]:
        return self._tries.running()

    def reports(self) -> list[Report]:
        return self._tries.reports()

    def withdraw(self) -> list[Claimed]:
        taken: list[Claimed] = []
        while True:
            try:
                claimed = self._inbox.get_nowait()
            except queue.Empty:
                return taken
            if claimed is not None:
                taken.append(claimed)

    def interrupt(self, one: Running, cause: Cause) -> None:
        if isinstance(one, Try):
            one.interrupt(cause)

    def close(self) -> bool:
        with self._lock:
            self._closing = True
            threads = list(self._threads)
        for _ in threads:
            self._inbox.put(None)
        deadline = time.monotonic() + _JOIN
        while self._threads and not self.running() and time.monotonic() < deadline:
            for thread in threads:
                thread.join(0.02)
        clean = not self.running()
        if clean:  # what still runs must not print into a cell
            self._routing.close()
        return clean

    # -- on the threads ------------------------------------------------------------------------

    def _start_thread(self) -> None:
        """One more, while there are fewer than slots."""
        with self._lock:
            if self._closing or self._spare() >= 0:
                return
            thread = threading.Thread(target=self._serve, name="gator_nb task", daemon=True)
            self._threads.add(thread)
        thread.start()

    def _spare(self) -> int:
        """How many threads more there are than slots; a task that waits takes none."""
        paused = sum(one.paused for one in self._tries.running())
        return len(self._threads) - paused - self.slots

    def _paused(self, _: Try) -> None:
        """A task waits, or goes on: there is a slot more, or one less."""
        if self._inbox.qsize():
            self._start_thread()
        self._on_event()

    def _serve(self) -> None:
        capture_displays()
        while self._serve_one():
            pass
        with self._lock:
            self._threads.discard(threading.current_thread())
        if self._inbox.qsize():
            self._start_thread()

    def _serve_one(self) -> bool:
        """Run the next task, and hold nothing of it while waiting for another; whether this thread
        is to go on."""
        claimed = self._inbox.get()
        if claimed is None:
            return False
        one = Try(claimed.record, self._client, on_pause=self._paused)
        self._run(claimed, one)
        return not (one.struck or self._closing or self._spare() > 0)

    def _run(self, claimed: Claimed, one: Try) -> None:
        self._tries.begun(one)
        self._tries.ended(claimed, one, self._attempt(claimed, one))

    def _attempt(self, claimed: Claimed, one: Try) -> Ended:
        load = snapshot_loader(self._client, one, self._task_class, claimed)
        with hearing(one.sink.write):
            return attempt(one, load)
