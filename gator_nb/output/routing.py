"""What a task prints, routed to its log instead of into whatever cell is newest.

A `Sink` takes the text of one try. The route is by context variable, so two tasks in two threads
never mix. What C code prints in a thread is nobody's for sure; see `c_output`.
"""

import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

from ..constants import LOG_DISPLAYS, LOG_HEAD, LOG_TAIL
from . import c_output
from .rich_output import Display, Splitter, encoded, is_display

_log = logging.getLogger("gator_nb.task")

SINK: ContextVar["Sink | None"] = ContextVar("gator_nb_sink", default=None)


class Sink:
    """The output of one try, bounded: its first and its last half megabyte, and beside the first
    eight megabytes of figures and the like.

    >>> sink = Sink()
    >>> sink.write("hello"); sink.take(); sink.take()
    b'hello'
    b''
    """

    def __init__(self, *, tee: bool = False) -> None:
        self.tee = tee
        self.told = False
        """There is something that nobody has taken. A plain flag: an interruption inside of an
        Event could leave its lock taken for good."""
        self._lock = threading.Lock()
        self._fresh: list[bytes] = []
        self._splitter = Splitter()
        self._head_left = LOG_HEAD
        self._displays_left = LOG_DISPLAYS
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._left_out = 0
        self._written = False

    def write(self, text: str) -> None:
        """Add text; past the first half megabyte only the newest is kept."""
        self.write_bytes(text.encode("utf-8", "replace"))

    def write_bytes(self, data: bytes) -> None:
        """Add what was written in bytes, which may end amid a character."""
        with self._lock:
            self._written = True
            for unit in self._splitter.units(data):
                self._keep(unit)
        self.told = True

    def show(self, shown: Display) -> None:
        """Add a figure, a table or the like, where it belongs in the text."""
        self.write_bytes(encoded(shown))

    def _keep(self, unit: bytes) -> None:
        """Text may be cut anywhere, a display is kept or left out as a whole."""
        whole = is_display(unit)
        if whole and len(unit) <= self._displays_left and not self._tail:
            self._displays_left -= len(unit)
            self._fresh.append(unit)
            return
        head = unit if whole and len(unit) <= self._head_left else unit[: self._head_left]
        if whole and len(head) < len(unit):
            head = b""
        if head:
            self._fresh.append(head)
            self._head_left -= len(head)
        rest = unit[len(head) :]
        if rest:
            self._head_left = 0  # from now on everything is of the tail
            self._tail.append(rest)
            self._tail_size += len(rest)
            self._shorten_tail()

    def _shorten_tail(self) -> None:
        while self._tail_size > LOG_TAIL:
            oldest = self._tail.popleft()
            over = self._tail_size - LOG_TAIL
            dropped = len(oldest) if is_display(oldest) else min(len(oldest), over)
            if dropped < len(oldest):
                self._tail.appendleft(oldest[dropped:])
            self._tail_size -= dropped
            self._left_out += dropped

    @property
    def waiting(self) -> bool:
        """There is text that nobody has taken."""
        return bool(self._fresh)

    def take(self) -> bytes:
        """What was written since the last call, without the tail."""
        with self._lock:
            data, self._fresh = b"".join(self._fresh), []
        return data

    def finish(self) -> bytes:
        """The rest, with the tail and how much was left out before it."""
        if not self._written:
            return b""
        with self._lock:
            rest = self._splitter.rest()
            if rest:
                self._keep(rest)
            note = (
                f"\n[… {self._left_out:,} bytes left out …]\n".encode() if self._left_out else b""
            )
            data = b"".join([*self._fresh, note, *self._tail])
            self._fresh, self._tail, self._tail_size = [], deque(), 0
        return data


def pass_on(text: str, write: Callable[[str], object]) -> int:
    """Give text to the task that wrote it, or by `write` to the stream that it came to."""
    left = "" if _divert(text) else c_output.left_of(text)
    if left or not text:
        with _told():
            write(left)
    return len(text)


@contextmanager
def _told() -> Iterator[None]:
    """Text that a task has in its log already may pass more routes on its way to the stream."""
    if SINK.get() is None:
        yield
        return
    token = SINK.set(None)
    try:
        yield
    finally:
        SINK.reset(token)


def _divert(text: str) -> bool:
    """Give `text` to the current task's sink; True when that was all there is to do."""
    sink = SINK.get()
    if sink is None:
        return False
    sink.write(text)
    return not sink.tee


def report(text: str) -> None:
    """Tell something in the log of the task that runs here; where that is not all that is read,
    to the logger "gator_nb.task" too."""
    if _divert(text):
        return
    with _told():
        _log.error(text.rstrip())


_lock = threading.Lock()
_users = 0
_undo: list[Callable[[], None]] = []


@contextmanager
def _routing() -> Iterator[None]:
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _undo[:] = [_route(stream) for stream in _standard_streams()]
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                for undo in _undo:
                    undo()
                _undo.clear()


def routing() -> AbstractContextManager[None]:
    """While it is open, the standard streams of this process give tasks' text to their sinks."""
    return _routing()


def _standard_streams() -> list[Any]:
    """Each once: they may be one and the same, and a process without a console has none."""
    streams = {id(stream): stream for stream in (sys.stdout, sys.stderr) if stream is not None}
    return list(streams.values())


def _route(stream: Any) -> Callable[[], None]:
    """Route one stream; answers how to undo it.

    In place, because logging handlers that were made before hold the stream itself.
    """
    plain, plain_close = stream.write, stream.close

    def write(text: str) -> int:
        return pass_on(text, plain)

    def close() -> None:
        if SINK.get() is None:  # the stream is not a task's to close
            plain_close()

    def undo() -> None:
        if stream.__dict__.get("write") is write:
            del stream.write
        if stream.__dict__.get("close") is close:
            del stream.close

    stream.write, stream.close = write, close
    return undo
