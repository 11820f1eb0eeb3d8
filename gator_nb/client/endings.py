"""Telling of tasks that have ended, to whoever does not wait: futures, and loops that await.

What is told may take its time (a future loads its result and runs its callbacks), so it has a
thread of its own beside the watcher's. It is there while somebody is to be told.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from ..backends.base import Ending
from ..errors import GatorError, StoreUnavailable
from ..record import Record
from .waiter import Waiter
from .watcher import Watcher

_log = logging.getLogger("gator_nb.futures")

_JOIN = 5.0
"""Seconds that closing waits for what is being told; it may be code that waits for the closing."""


class Told(Waiter):
    """Somebody who is called about each of some tasks that ends, and about what went wrong."""

    def __init__(
        self,
        endings: "Endings",
        ids: Iterable[str],
        on_end: Callable[[Record], object],
        on_error: Callable[[GatorError], object],
    ) -> None:
        super().__init__(ids)
        self._endings = endings
        self._on_end = on_end
        self._on_error = on_error

    def see(self, endings: Iterable[Ending]) -> None:
        super().see(endings)
        for ending in super().take(0):
            self._endings.call(partial(self._on_end, ending.record))
        if not self.open:
            self._endings.call(self.stop)

    def fail(self, error: GatorError) -> None:
        if isinstance(error, StoreUnavailable) and not self._endings.closed:
            return  # the watcher goes on, and tells when the store is back
        self._endings.call(partial(self._on_error, error))
        self._endings.call(self.stop)

    def stop(self) -> None:
        """Tell nothing more."""
        self._endings.forget(self)


class Endings:
    """The thread that tells, and who is to be told."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._ready = threading.Condition()
        self._told: set[Told] = set()
        self._calls: deque[Callable[[], object]] = deque()
        self._thread: threading.Thread | None = None

    @property
    def closed(self) -> bool:
        """The watcher was closed: nothing will be seen to end."""
        return self._watcher.closed

    def tell(
        self,
        ids: Iterable[str],
        on_end: Callable[[Record], object],
        on_error: Callable[[GatorError], object],
    ) -> Told:
        """Have `on_end` called once for each of these tasks, those that have ended too.

        `on_error` is called at most once, when some of them will not be seen to end: removed, or
        the store was closed here.

        Raises:
            TaskNotFound, StoreUnavailable: so it is already.
        """
        told = Told(self, ids, on_end, on_error)
        with self._ready:
            self._told.add(told)
        try:
            self._watcher.add(told)
        except BaseException:
            self.forget(told)
            raise
        return told

    def call(self, call: Callable[[], object]) -> None:
        """Have it called on the thread, which is started when there is none."""
        with self._ready:
            self._calls.append(call)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="gator_nb endings", daemon=True
                )
                self._thread.start()
            self._ready.notify()

    def forget(self, told: Told) -> None:
        """Tell it nothing more."""
        self._watcher.remove(told)
        with self._ready:
            self._told.discard(told)
            self._ready.notify()

    def _run(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._calls or not self._told)
                if not self._calls:
                    self._thread = None
                    return
                call = self._calls.popleft()
            try:
                call()
            except BaseException:  # noqa: BLE001 -- a callback's SystemExit; others wait to be told
                _log.exception("a callback of a task's future raised")
            del call  # or it would keep a result alive until the next end

    def join(self) -> None:
        """Wait until all has been told, once the watcher is closed."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(_JOIN)
