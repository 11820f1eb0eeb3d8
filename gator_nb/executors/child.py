"""The process in which a worker runs user code, one task at a time, in its main thread.

It has no store and no key: it is sent a call whose signature was verified, and sends back what
came of it. `python -m gator_nb.executors.child FD PARENT` speaks with its worker over a socket.
"""

import faulthandler
import io
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any

from ..attempt import Ended, attempt
from ..output import Sink
from ..payload import loads
from ..process_tree import adopt_orphans, die_with_parent
from ..record import Record
from ..runtime import Cause, Interrupted, Try
from ..task import Task
from .restoring import Surroundings
from .wire import HEAD_SIZE, Message, packed, sizes

_TELL_EVERY = 0.1
"""Seconds between two messages about progress."""
_STATUS = Path("/proc/self/status")
_RESET_PEAK = Path("/proc/self/clear_refs")


class _ToStream(Sink):
    """What gator_nb itself has to say goes where the task's own output goes."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)


class _SignalTry(Try):
    """A try in the main thread, interrupted by a signal's handler."""

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self.sink = _ToStream()
        self.inside = False

    @contextmanager
    def user_code(self) -> Iterator[None]:
        if self.cause is not None:
            raise Interrupted(self.cause)
        self.inside = True
        try:
            yield
        finally:
            self.inside = False

    def stopped_words(self) -> str:
        return f"{super().stopped_words()} by SIGINT"


class Child:
    """The child's end of the line."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._pid = os.getpid()
        self._sending = threading.Lock()
        self._reading = False
        self._asked: dict[str, Cause] = {}
        self._one: _SignalTry | None = None
        self._running = threading.Event()
        signal.signal(signal.SIGINT, self._on_interrupt)
        threading.Thread(target=self._keep_telling, name="gator_nb tell", daemon=True).start()
        self._surroundings = Surroundings()

    def serve(self) -> None:
        """Run what is sent, until the line is closed."""
        self._send({"type": "ready"})
        while (received := self._receive()) is not None:
            message, payload, files = received
            if message["type"] == "run":
                self._run(message, payload, files)

    # -- one task ------------------------------------------------------------------------------

    def _run(self, message: Message, payload: bytes, files: list[int]) -> None:
        _take_output(files)
        if self._surroundings.stale():
            self._send({"type": "stale"})
            return
        record = Record(**message["record"])
        one = _SignalTry(record)
        one.limit(message["timeout"])
        os.environ.update(message["env"])
        self._poll()
        if record.claim in self._asked:
            one.asked(self._asked[record.claim])
        _reset_peak()
        self._one = one
        self._running.set()

        def load() -> Task:
            return Task.from_snapshot(record, loads(payload), message["backoff"])

        ended = attempt(one, load)
        if os.getpid() != self._pid:
            os._exit(0)  # a copy that the task forked and let come back
        self._running.clear()
        self._one = None
        self._end(one, ended)

    def _end(self, one: _SignalTry, ended: Ended) -> None:
        _flush()
        self._tell(one)
        outcome = ended.outcome
        fields = None if outcome is None else outcome._replace(payload=None)._asdict()
        peak = _peak_memory()
        clean = self._restored()
        self._surroundings.note_modules()
        self._asked.clear()
        self._send(
            {
                "type": "end",
                "claim": one.claim,
                "ended": ended._replace(outcome=None, exception=None, peak_memory=peak)._asdict(),
                "outcome": fields,
                "clean": clean,
            },
            b"" if outcome is None else outcome.payload or b"",
            has_payload=outcome is not None and outcome.payload is not None,
        )

    def _restored(self) -> bool:
        try:
            return self._surroundings.restore()
        except OSError:  # what cannot be put back is not used again
            return False

    def _keep_telling(self) -> None:
        """Pass on what the task tells, ten times a second at most."""
        pause = threading.Event()
        while True:
            self._running.wait()
            pause.wait(_TELL_EVERY)
            one = self._one
            if one is not None and one.told:
                self._tell(one)

    def _tell(self, one: _SignalTry) -> None:
        if one.told:
            one.told = False
            told = {"progress": one.progress_text(), "metrics": one.metrics_text()}
            self._send({"type": "told", "claim": one.claim, **told})

    # -- the line --------------------------------------------------------------------------------

    def _on_interrupt(self, _number: int, _frame: FrameType | None) -> None:
        """A request to stop has come, or somebody else's signal."""
        if self._reading or os.getpid() != self._pid:
            return
        self._poll()
        one = self._one
        if one is None or one.claim not in self._asked:
            return
        one.asked(self._asked[one.claim])
        if one.inside:
            one.inside = False  # once is enough: what cleans up is not disturbed
            raise Interrupted(one.cause)

    def _poll(self) -> None:
        """Take in the requests to stop that have come."""
        while True:
            try:
                if not self._line.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                    return
            except (BlockingIOError, ConnectionError):
                return
            received = self._receive()
            if received is not None and received[0]["type"] == "interrupt":
                self._asked[received[0]["claim"]] = received[0]["cause"]

    def _receive(self) -> tuple[Message, bytes, list[int]] | None:
        """The next message, with the files that came along; None when the line is closed."""
        self._reading = True
        try:
            head, files, _, _ = socket.recv_fds(self._line, HEAD_SIZE, 1)
            if not head:
                return None
            head += self._exactly(HEAD_SIZE - len(head))
            text, payload = sizes(head)
            import json

            return json.loads(self._exactly(text)), self._exactly(payload), files
        except (ConnectionError, EOFError):
            return None
        finally:
            self._reading = False

    def _exactly(self, size: int) -> bytes:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            count = self._line.recv_into(view)
            if not count:
                raise EOFError
            view = view[count:]
        return bytes(data)

    def _send(self, message: Message, payload: bytes = b"", **more: Any) -> None:
        head, tail = packed(message | more, payload)
        with self._sending:
            self._line.sendall(head)
            if tail:
                self._line.sendall(tail)


def _take_output(files: list[int]) -> None:
    """From now on what this process writes goes to the task's own pipe."""
    (pipe,) = files
    os.dup2(pipe, 1)
    os.dup2(pipe, 2)
    os.close(pipe)
    for name, fd in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(
            io.FileIO(fd, "w", closefd=False), "utf-8", "replace", write_through=True
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    faulthandler.enable(2, all_threads=False)


def _flush() -> None:
    """Nothing of this task may come out under the next one."""
    import ctypes

    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # the task may have closed it
            stream.flush()
    ctypes.CDLL(None).fflush(None)
    # Children that live on must not write into the next task's pipe, and a reader sees the end.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    os.close(null)


def _reset_peak() -> None:
    with suppress(OSError):
        _RESET_PEAK.write_text("5")


def _peak_memory() -> int:
    """Bytes that this process held at most since `_reset_peak`, or where that is not told, ever."""
    with suppress(OSError, StopIteration):
        lines = _STATUS.read_text().splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM:"))
        return int(peak.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Serve the worker that started this process."""
    fd, parent = int(sys.argv[1]), int(sys.argv[2])
    die_with_parent(parent)
    adopt_orphans()
    sys.argv[:] = [""]
    with socket.socket(fileno=fd) as line:
        Child(line).serve()


if __name__ == "__main__":
    main()
