"""Listening to a store: the contract of a listener, and what those of all stores share."""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Literal, Protocol

from .values import Ending

Topic = Literal["work", "news"]
"""What a listener is woken by: "work", there may be something to claim or to stop; "news", a
task changed that somebody may be waiting for (it ended, was canceled, or reported progress)."""

OnEnds = Callable[[Sequence[Ending]], bool]
"""Called with tasks that have ended, where the store names them, on whichever thread hears of it
first: it is quick, and does not call the store. True: nobody need be woken for it."""


class Listener(Protocol):
    """One waiter. `wait` and `close` belong to one thread; `wake` may come from any.

    Attributes:
        times_heard: how often the store has told of one of its topics.
    """

    @property
    def times_heard(self) -> int: ...

    def wait(self, timeout: float | None) -> bool:
        """Sleep until woken or for `timeout` seconds; True when woken. A wake that came before
        the call counts."""

    def wake(self) -> None:
        """Wake this listener, for a reason of one's own."""

    def heard(self) -> bool:
        """Whether the store has told of one of its topics since the last call."""

    def close(self) -> None:
        """Give up what it holds in this process and on disk."""


class Hearing:
    """Tells a wake of the store's from one of somebody's own."""

    times_heard = 0
    _heard = False

    def __init__(self, on_ends: OnEnds | None = None) -> None:
        self.on_ends = on_ends

    def wake(self) -> None:
        """Wake this listener, for a reason of one's own."""
        raise NotImplementedError

    def hear(self) -> None:
        """The store tells of one of its topics."""
        self._note()
        self.wake()

    def hear_ends(self, endings: Sequence[Ending]) -> None:
        """The store tells of nothing but these."""
        self._note()
        if self.on_ends is None or not self.on_ends(endings):
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


class Bell(Hearing):
    """A semaphore of one, taken while nothing has happened."""

    def __init__(self, on_ends: OnEnds | None = None) -> None:
        super().__init__(on_ends)
        self._nothing = threading.Lock()
        self._nothing.acquire()

    def wait(self, timeout: float | None) -> bool:
        """Sleep until woken or for `timeout` seconds; True when woken."""
        return self._nothing.acquire(timeout=-1 if timeout is None else max(0.0, timeout))

    def wake(self) -> None:
        if self._nothing.locked():
            with suppress(RuntimeError):  # somebody else was first
                self._nothing.release()
