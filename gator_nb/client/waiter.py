"""Who waits for tasks to end, and what need not be asked before."""

import logging
import threading
import time
from collections.abc import Iterable

from ..backends.base import Backend, Ending, Listener
from ..errors import GatorError
from .workforce import why_nobody_begins

_NOBODY_AFTER = 5.0
"""Seconds after which a wait asks whether anybody can run what it waits for; and again."""

_DEAF = -1

_MOST_PUSHES = 10_000

_log = logging.getLogger("gator_nb")


class Waiter:
    """Somebody who waits for tasks to end. The watcher's thread sees for it."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.ids = tuple(ids)
        self.open = set(self.ids)
        self._fresh: list[Ending] = []
        self._error: GatorError | None = None
        self._ready = threading.Condition()
        self._asks_at = time.monotonic() + _NOBODY_AFTER
        self._told_why = ""

    def see(self, endings: Iterable[Ending]) -> None:
        """Some of what it waits for has ended."""
        with self._ready:
            for ending in endings:
                if ending.record.id in self.open:
                    self._fresh.append(ending)
                    self.open.discard(ending.record.id)
            if self._fresh:
                self._ready.notify()

    def fail(self, error: GatorError) -> None:
        with self._ready:
            self._error = error
            self._ready.notify()

    def wonder(self, backend: Backend) -> None:
        """After a while, and while nothing ends, say why nobody runs it; each reason once."""
        if time.monotonic() < self._asks_at or not self.open:
            return
        with self._ready:
            left = [task_id for task_id in self.ids if task_id in self.open]
        why = why_nobody_begins(backend, left)
        self._asks_at = time.monotonic() + _NOBODY_AFTER
        if why is not None and why != self._told_why:
            self._told_why = why
            _log.warning("%s", why)

    @property
    def finished(self) -> bool:
        """All have ended, and their records were taken."""
        with self._ready:
            return not self.open and not self._fresh

    def take(self, timeout: float | None) -> list[Ending]:
        """Those that have ended since the last call; none after `timeout` seconds.

        Raises:
            GatorError: the watcher could not go on watching.
        """
        with self._ready:
            self._ready.wait_for(lambda: self._fresh or self._error, timeout)
            fresh, self._fresh = self._fresh, []
            error = self._error
        if error is not None and not fresh:
            raise type(error)(*error.args) from error
        return fresh


class Pushes:
    """What this process has pushed since the store last told of an end: it is open still."""

    def __init__(self, listener: Listener | None) -> None:
        self._listener = listener
        self._known: tuple[int, set[str]] = (_DEAF, set())

    def heard(self) -> int:
        """How often the store has told of an end; `_DEAF` while nobody listens."""
        return _DEAF if self._listener is None else self._listener.times_heard

    def note(self, ids: Iterable[str], before: int) -> None:
        """These were pushed after the store had told `before` times."""
        at, known = self._known
        if at != before or len(known) > _MOST_PUSHES:
            self._known = before, set(ids)
        else:
            known.update(ids)

    def are_open(self, ids: Iterable[str]) -> bool:
        """Whether none of them can have ended, as far as the store has told."""
        at, known = self._known
        return at != _DEAF and self.heard() == at and known.issuperset(ids)
