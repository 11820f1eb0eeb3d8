"""What listeners of every store have in common: who woke them, and how to sleep."""

import threading
from contextlib import suppress

from .values import Ending


class Hearing:
    """Tells a wake of the store's from one of somebody's own."""

    times_heard = 0
    _heard = False

    def wake(self) -> None:
        """Wake this listener, for a reason of one's own."""
        raise NotImplementedError

    def hear(self) -> None:
        """The store tells of one of its topics."""
        self._note()
        self.wake()

    def _note(self) -> None:
        self.times_heard += 1
        self._heard = True

    def heard(self) -> bool:
        """Whether it has since the last call."""
        if not self._heard:  # cleared only where the caller is told of it
            return False
        self._heard = False
        return True

    def told(self) -> list[Ending] | None:
        """Nothing by itself: `changes` tells."""
        return None


class Bell(Hearing):
    """A semaphore of one, taken while nothing has happened."""

    def __init__(self) -> None:
        self._nothing = threading.Lock()
        self._nothing.acquire()

    def wait(self, timeout: float | None) -> bool:
        """Sleep until woken or for `timeout` seconds; True when woken."""
        return self._nothing.acquire(timeout=-1 if timeout is None else max(0.0, timeout))

    def wake(self) -> None:
        if self._nothing.locked():
            with suppress(RuntimeError):  # somebody else was first
                self._nothing.release()
