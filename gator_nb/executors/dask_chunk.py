"""What runs inside of a Dask worker: chunks of tries, and the answers to who looks at them.

A chunk is one task of Dask. What becomes of its tries is a row of messages, which its sender reads
while it runs; each is kept until it is known to have arrived, and what is left is the result.
"""

import pickle
import threading
from collections import deque
from collections.abc import Callable, Mapping
from logging import LogRecord, getLogger
from typing import NamedTuple
from uuid import uuid4

from ..attempts.attempt import Load, attempt
from ..attempts.running import Cause, Try
from ..attempts.snapshot import Snapshot
from ..attempts.teaching import teach_libraries
from ..definition import PYTHON
from ..output.routing import routing
from ..record import Record
from .elsewhere import Came, OutOfReach

BIRTH = uuid4().hex
"""Of this process: another one may get the address of a Dask worker that died."""

_LONG = 0.050
"""Seconds after which what waits behind a try is somebody else's to run."""
_KNOWN_ENDS = 1000
"""Chunks that are remembered to have ended; their results are on their way."""

Call = tuple[Record, Snapshot]


class Hello(NamedTuple):
    """Who a Dask worker is."""

    birth: str
    python: str


class News(NamedTuple):
    """How far a try is that runs just now."""

    claim: str
    seconds: float
    progress: str | None
    metrics: str | None
    log: bytes
    step: str | None


class Back(NamedTuple):
    """A try that has not begun there, and will not."""

    claim: str


class Told(NamedTuple):
    """The messages of a chunk from the one of this number on."""

    start: int
    messages: list[News | Came | Back]


class Ask(NamedTuple):
    """What is asked of a chunk."""

    read: int
    """So many of its messages have arrived."""
    stop: Mapping[str, Cause]
    """Its claims that are to stop."""


def greet() -> Hello:
    """Say who this Dask worker is. From now on its log does not tell of each look at it."""
    getLogger("distributed.worker").addFilter(_is_no_look)
    return Hello(BIRTH, PYTHON)


def _is_no_look(line: LogRecord) -> bool:
    return line.args != (gator_nb_look.__name__,)


def gator_nb_look(asks: Mapping[str, Ask]) -> dict[str, Told]:
    """Answer what is asked of the chunks in this process, by their ids."""
    told = {chunk_id: _look(chunk_id, ask) for chunk_id, ask in asks.items()}
    return {chunk_id: one for chunk_id, one in told.items() if one is not None}


def _look(chunk_id: str, ask: Ask) -> Told | None:
    with _lock:
        chunk = _chunks.get(chunk_id)
        if chunk is None and chunk_id not in _ended:  # Dask has not come to it yet
            _barred.update(dict.fromkeys(ask.stop, chunk_id))
            return Told(ask.read, [Back(claim) for claim in ask.stop])
    return None if chunk is None else chunk.look(ask)


def run_chunk(chunk_id: str, birth: str, calls: bytes, larges: Mapping[str, bytes]) -> Told | None:
    """Run the tries of a chunk one after the other; None: it was meant for a process that died."""
    if birth != BIRTH:
        return None
    teach_libraries()
    with _lock:
        chunk = _chunks[chunk_id] = _Chunk(pickle.loads(calls), larges)
        chunk.withdraw(lambda claim: _barred.pop(claim, None) is not None)
    try:
        with routing():
            while chunk.left:  # a thread that was interrupted is not used again, and none is Dask's
                thread = threading.Thread(target=chunk.run, name="gator_nb task", daemon=True)
                thread.start()
                thread.join()
        return chunk.told()
    finally:
        with _lock:
            _ended.append(chunk_id)
            del _chunks[chunk_id]


_lock = threading.Lock()
_chunks: "dict[str, _Chunk]" = {}
_ended: deque[str] = deque(maxlen=_KNOWN_ENDS)
_barred: dict[str, str] = {}
"""Claims that must not begin, and the chunks that will bring them."""


class _Chunk:
    """The tries of one chunk, and what is told of them."""

    def __init__(self, calls: list[Call], larges: Mapping[str, bytes]) -> None:
        self.left = deque(calls)
        self._larges = larges
        self._one: Try | None = None
        self._start = 0
        """How many messages are known to have been read."""
        self._messages: list[News | Came | Back] = []
        self._lock = threading.Lock()

    def run(self) -> None:
        """Run what is left, until there is nothing or this thread was interrupted."""
        struck = False
        while not struck and (call := self._next()) is not None:
            record, snapshot = call
            one = self._one = Try(record, OutOfReach())
            larges = {name: self._larges[name] for name in snapshot.names()}
            came = Came.of(one, attempt(one, _loading(snapshot._replace(larges=larges), one)))
            with self._lock:
                self._one = None
                self._messages.append(came)
            struck = one.struck

    def _next(self) -> Call | None:
        with self._lock:
            return self.left.popleft() if self.left else None

    def withdraw(self, which: Callable[[str], bool]) -> None:
        """Those of these claims that have not begun do not begin."""
        left, self.left = self.left, deque()
        for call in left:
            claim = call[0].claim or ""
            if which(claim):
                self._messages.append(Back(claim))
            else:
                self.left.append(call)

    def told(self) -> Told:
        """What is not known to have been read."""
        with self._lock:
            return Told(self._start, list(self._messages))

    def look(self, ask: Ask) -> Told:
        """What has come since the messages that were read; stops what is to stop."""
        with self._lock:
            del self._messages[: ask.read - self._start]
            self._start = ask.read
            one = self._one
            long = one is not None and one.elapsed > _LONG
            self.withdraw(lambda claim: long or claim in ask.stop)
            if one is not None:
                self._messages.append(_news(one))
        if one is not None and one.claim in ask.stop:
            one.interrupt(ask.stop[one.claim])
        return self.told()


def _loading(snapshot: Snapshot, one: Try) -> Load:
    return lambda: snapshot.load(one)


def _news(one: Try) -> News:
    told = one.progress_text(), one.metrics_text()
    return News(one.claim, one.elapsed, *told, one.sink.take(), one.step())
