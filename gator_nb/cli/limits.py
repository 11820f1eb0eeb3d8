"""What ends a worker without a signal: its time, or that there is nothing to run."""

import threading
import time
from typing import Self

from ..durations import duration
from ..errors import GatorError
from .serving import ServingWorker

_LOOK_EVERY = 0.25
"""Seconds between two looks."""


class Limits:
    """Looks at a worker from a thread of its own, while it is entered.

    Args:
        max_time: seconds after which the worker begins nothing more.
        idle_exit: seconds without anything to run after which it ends.
    """

    def __init__(
        self, worker: ServingWorker, max_time: float | None, idle_exit: float | None
    ) -> None:
        self._worker = worker
        self._max_time, self._idle_exit = max_time, idle_exit
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="gator_nb limits", daemon=True)

    def __enter__(self) -> Self:
        if (self._max_time, self._idle_exit) != (None, None):
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _look(self) -> None:
        worker, began = self._worker, time.monotonic()
        seen_away = began
        while not self._over.wait(_LOOK_EVERY):
            now = time.monotonic()
            if not worker.keep_running:
                continue
            if self._max_time is not None and now - began >= self._max_time:
                worker.drain(f"its time of {duration(self._max_time)} is over")
            elif self._idle_exit is not None and worker.registered.is_set():
                idle = min(worker.idle_for(), now - seen_away)
                if idle < self._idle_exit:
                    continue
                if self._store_answers():
                    worker.drain(f"nothing to run for {duration(self._idle_exit)}")
                else:
                    seen_away = now

    def _store_answers(self) -> bool:
        """A store that is away is not one without work."""
        try:
            self._worker.gator.backend.next_due()
        except GatorError:
            return False
        return True
