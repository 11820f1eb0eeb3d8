"""User code in threads of this process.

Threads are started as they are needed and reused; one that was ever interrupted is retired,
because what was set in it may still be on its way.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from ..attempt import attempt, snapshot_loader
from ..backends.base import Claimed
from ..client import Client
from ..output import routing
from ..runtime import Cause, Try
from ..task import Task
from .base import Report

_JOIN = 1.0
"""Seconds that closing waits for idle threads to end."""


class ThreadExecutor:
    """Runs tasks in up to `slots` threads; `on_event` is called from them when one has ended or
    has something to tell."""

    def __init__(
        self, client: Client, slots: int, task_class: type[Task], on_event: Callable[[], None]
    ) -> None:
        self.slots = slots
        self._client = client
        self._task_class = task_class
        self._on_event = on_event
        self._inbox: queue.SimpleQueue[Claimed | None] = queue.SimpleQueue()
        self._ended: deque[Report] = deque()
        self._tries: dict[str, Try] = {}
        self._threads: set[threading.Thread] = set()
        self._lock = threading.Lock()
        self._closing = False
        self._routing = ExitStack()

    def submit(self, claimed: Sequence[Claimed]) -> None:
        if not self._threads:
            self._routing.enter_context(routing())
        for one in claimed:
            self._inbox.put(one)
        for _ in range(min(len(claimed), self.slots - len(self._threads))):
            self._start_thread()

    def waiting(self) -> int:
        return self._inbox.qsize()

    def running(self) -> list[Try]:
        with self._lock:
            return list(self._tries.values())

    def reports(self) -> list[Report]:
        found: list[Report] = []
        while self._ended:
            found.append(self._ended.popleft())
        return found

    def withdraw(self) -> list[Claimed]:
        taken: list[Claimed] = []
        while True:
            try:
                claimed = self._inbox.get_nowait()
            except queue.Empty:
                return taken
            if claimed is not None:
                taken.append(claimed)

    def interrupt(self, task_id: str, cause: Cause) -> None:
        with self._lock:
            one = self._tries.get(task_id)
        if one is not None:
            one.interrupt(cause)

    def close(self) -> bool:
        self._closing = True
        for _ in self._threads:
            self._inbox.put(None)
        deadline = time.monotonic() + _JOIN
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()) if not self.running() else 0.0)
        self._routing.close()
        return not self.running()

    # -- on the threads ------------------------------------------------------------------------

    def _start_thread(self) -> None:
        thread = threading.Thread(target=self._serve, name="gator_nb task", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _serve(self) -> None:
        while (claimed := self._inbox.get()) is not None:
            one = Try(claimed.record)
            self._run(claimed, one)
            if one.struck or self._closing:
                break
        self._threads.discard(threading.current_thread())
        if not self._closing and self._inbox.qsize():
            self._start_thread()

    def _run(self, claimed: Claimed, one: Try) -> None:
        task_id = claimed.record.id
        with self._lock:
            self._tries[task_id] = one
        try:
            ended = attempt(
                self._client, one, snapshot_loader(self._client, self._task_class, claimed)
            )
            self._ended.append(Report(claimed, ended, one.elapsed))
        finally:
            with self._lock:
                self._tries.pop(task_id, None)
            self._on_event()
