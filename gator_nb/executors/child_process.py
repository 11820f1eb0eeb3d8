"""One child process as its worker sees it: started, sent a task, stopped by force, buried."""

import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress

from ..attempts.attempt import Ended
from ..attempts.running import Running
from ..attempts.snapshot import Snapshot
from ..backends.base import Backend, Claimed, Listener
from ..errors import GatorError
from ..host.process_tree import MARK, kill_marked, kill_tree, peak_of
from ..record import Record
from .wire import Inbox, Message, packed

_PIECE = 1 << 18
"""Bytes that are read or written at a time."""
_PIECES = 32
"""Pieces that one child is heard for before the others are: a flood must not hold up a cancel. It
is more than a pipe or a socket holds, so all is heard that was said before a death."""
_LOOK_EVERY = 0.05
"""Seconds between two looks at its memory, at least."""
_LAST_WORDS = 2000
"""Bytes of a task's output that the certificate of its death shows."""
_ON_ERROR_SECONDS = 30.0
"""Seconds that the `on_error` of a try that was killed may take."""
_KEPT_WORDS = 64 * 1024
"""Bytes of what a child says outside of tasks that are kept, for when it does not start."""


class ProcessTry(Running):
    """One run of one claim in a child process."""

    def __init__(self, record: Record) -> None:
        super().__init__(record)
        self.progress: str | None = None
        self.metrics: str | None = None
        self.last_words = b""
        self._listener: Listener | None = None
        self._waiting = threading.Lock()
        self._rung = self._over = False
        self.most_memory: int | None = None
        """Bytes that it asked for."""
        self.overweight: int | None = None
        """Bytes that it held when it was ended for them."""
        self.signaled = False
        self.killed = False
        self.hooks: Sequence[str] = ()
        """Those that its call has."""
        self.after: Ended | None = None
        """How the try ended that was killed, when its `on_error` is all that this one runs."""

    @classmethod
    def of_on_error(cls, killed: "ProcessTry", ended: Ended) -> "ProcessTry":
        """What runs the `on_error` of a try that was killed, and goes on with its log."""
        one = cls(killed.record)
        one.sink, one.last_words = killed.sink, killed.last_words
        one.progress, one.metrics = killed.progress, killed.metrics
        one.after = ended
        return one

    def prepare(self, snapshot: Snapshot) -> None:
        """Take what is to be known of its call."""
        self.hooks = snapshot.hooks
        self.most_memory = (snapshot.options.get("needs") or {}).get("memory")
        timeout = snapshot.timeout if self.after is None else _ON_ERROR_SECONDS
        self.limit(timeout, snapshot.backoff)

    def wait_for_news(self, backend: Backend, seconds: float) -> bool:
        """Wait on behalf of its code until something in the store has changed; True when woken.

        Raises:
            GatorError: it has ended meanwhile.
        """
        with self._waiting:  # a listener belongs to whoever waits with it
            if self._over:
                raise GatorError("the task that waited has ended")
            if self._listener is None:
                self._listener = backend.listen(["news"])
            if self._rung:
                self._rung = False
                return True
            return self._listener.wait(seconds)

    def wake(self) -> None:
        """End that wait."""
        self._rung = True
        if self._listener is not None:
            self._listener.wake()

    def over(self) -> None:
        """It has ended, and waits for nothing."""
        self._over = True
        self.wake()
        with self._waiting:
            if self._listener is not None:
                self._listener.close()

    def step(self) -> str | None:
        if self.cause is None:
            return None
        return "killing" if self.killed else "interrupted"

    def progress_text(self) -> str | None:
        return self.progress

    def metrics_text(self) -> str | None:
        return self.metrics


class ChildProcess:
    """A process of `executors.child`. Every method is called by the thread that started it: on
    Linux the child is killed when that thread ends."""

    def __init__(self, mark: str, environ: Mapping[str, str]) -> None:
        self.mark = mark
        self.ready = False
        self.dismissed = False
        """It was told to go."""
        self.claimed: Claimed | None = None
        self.one: ProcessTry | None = None
        """The try that it runs."""
        self.last_end: Ended | None = None
        """How its last try ended, when it is not to have another."""
        self.words = b""
        """What it said outside of tasks."""
        self.devices: tuple[str, ...] | None = None
        """The GPUs of the tasks that it runs; None before its first."""
        self.peak_memory = 0
        """Bytes; 0 where nobody tells."""
        self._looked_at = 0.0
        self.doomed = False
        """It was killed by us, or is about to end."""
        self.hung_up_at: float | None = None
        """When its end of the line was closed; monotonic."""
        self.cut_off = False
        """It was killed because it can tell nothing any more."""
        self.death: int | None = None
        self._born_with = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        """What a process has held counts for what it starts, too (getrusage(2), over execve)."""
        self._inbox = Inbox()
        self._outbox: deque[memoryview] = deque()
        with ExitStack() as always, ExitStack() as on_failure:
            self.line, theirs = socket.socketpair()
            always.callback(theirs.close)
            on_failure.callback(self.line.close)
            self.output, pipe = os.pipe()
            always.callback(os.close, pipe)
            on_failure.callback(os.close, self.output)
            self.process = subprocess.Popen(  # noqa: S603 -- this very interpreter and module
                [sys.executable, "-m", "gator_nb.executors.child",
                 str(theirs.fileno()), str(os.getpid())],
                stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe,
                pass_fds=[theirs.fileno()], start_new_session=True,
                env={**environ, MARK: mark},
            )  # fmt: skip
            on_failure.callback(self._abandon)
            if hasattr(os, "pidfd_open"):
                self.death = os.pidfd_open(self.process.pid)
            on_failure.pop_all()
        os.set_blocking(self.output, False)
        self.line.setblocking(False)

    def _abandon(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def idle(self) -> bool:
        return self.ready and self.one is None and not (self.doomed or self.unsent)

    @property
    def visible(self) -> dict[str, str]:
        """The environment that shows its tasks their GPUs and no others."""
        return {"CUDA_VISIBLE_DEVICES": ",".join(self.devices)} if self.devices else {}

    @property
    def coming(self) -> bool:
        """It was started, and is not ready yet."""
        return not (self.ready or self.dismissed or self.doomed)

    # -- sending ---------------------------------------------------------------------------------

    def run(self, claimed: Claimed, one: ProcessTry, message: Message, payload: bytes) -> None:
        """Send it a task, with a pipe of its own for what the task writes.

        Raises:
            OSError: this process can open no more files; nothing was sent.
        """
        output, pipe = os.pipe()
        os.close(self.output)
        self.output, self.claimed, self.one = output, claimed, one
        os.set_blocking(self.output, False)
        head, tail = packed(message, payload)
        try:
            # Its socket is empty, so the few bytes that carry the pipe are taken at once.
            sent = socket.send_fds(self.line, [head[:_PIECE]], [pipe])
        except OSError:
            sent = len(head)  # it is dead, which its end will tell
        finally:
            os.close(pipe)
        self._queue(head[sent:], tail)

    def interrupt(self) -> None:
        """Ask the code in it to stop, once: the child signals its own main thread."""
        if self.one is not None and not self.one.signaled:
            self.one.signaled = True
            self.send({"type": "interrupt", "claim": self.one.claim, "cause": self.one.cause})

    def send(self, message: Message, payload: bytes = b"") -> None:
        """Say something, as soon as the child takes it."""
        self._queue(*packed(message, payload))

    def _queue(self, *pieces: bytes) -> None:
        self._outbox += [memoryview(piece) for piece in pieces if piece]
        self.flush()

    @property
    def unsent(self) -> bool:
        return bool(self._outbox)

    def flush(self) -> None:
        """Send what the child takes now."""
        while self._outbox:
            try:
                sent = self.line.send(self._outbox[0][:_PIECE])
            except BlockingIOError:
                return
            except OSError:
                self._outbox.clear()  # it is dead
                break
            rest = self._outbox.popleft()[sent:]
            if rest:
                self._outbox.appendleft(rest)

    # -- receiving -------------------------------------------------------------------------------

    def receive(self) -> list[tuple[Message, bytes]]:
        """The messages that have come; `hung_up_at` is set when no more will.

        Raises:
            ValueError: what came is no message; user code has written to the line.
        """
        found: list[tuple[Message, bytes]] = []
        for _ in range(_PIECES):
            try:
                data = self.line.recv(_PIECE)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.hung_up_at = self.hung_up_at or time.monotonic()
                break
            found += self._inbox.feed(data)
        return found

    def mute_for(self) -> float:
        """Seconds for which it can tell nothing any more."""
        return 0.0 if self.hung_up_at is None else time.monotonic() - self.hung_up_at

    def read_output(self) -> bool:
        """Take in what was written, into the log of its task; False when no more will come."""
        for _ in range(_PIECES):
            try:
                data = os.read(self.output, _PIECE)
            except BlockingIOError:
                return True
            if not data:
                return False
            if self.one is not None:
                self.one.sink.write_bytes(data)
                self.one.last_words = (self.one.last_words + data)[-_LAST_WORDS:]
            else:
                self.words = (self.words + data)[-_KEPT_WORDS:]
        return True

    # -- ending ----------------------------------------------------------------------------------

    def kill(self) -> None:
        """End it and everything below it, whatever it does.

        Raises:
            OSError: what is below it cannot be found now; try again.
        """
        if not self.doomed:
            kill_tree(self.process.pid)
            self.doomed = True

    def look_at_memory(self) -> None:
        """Note what it has held so far; after its death nobody may tell."""
        now = time.monotonic()
        if self.one is not None and now - self._looked_at >= _LOOK_EVERY:
            self._looked_at = now
            self.peak_memory = max(self.peak_memory, peak_of(self.process.pid))

    def dead(self) -> bool:
        if self.process.returncode is None:
            try:
                pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            except ChildProcessError:  # somebody else in this process has waited for it
                self.process.returncode = 0
                return True
            if pid:
                self.process.returncode = os.waitstatus_to_exitcode(status)
                known = usage.ru_maxrss > self._born_with
                unit = 1 if sys.platform == "darwin" else 1024
                self.peak_memory = usage.ru_maxrss * unit if known else self.peak_memory
        return self.process.returncode is not None

    def clear(self) -> None:
        """After its death: end what it left behind.

        Raises:
            OSError: that cannot be found now; try again.
        """
        kill_marked(self.mark)

    def bury(self) -> int:
        """Then close it; its exit code, or minus a signal."""
        code = self.process.returncode or 0
        self.line.close()
        os.close(self.output)
        if self.death is not None:
            os.close(self.death)
        return code

    def dismiss(self) -> None:
        """Let an idle one go by itself."""
        self.ready, self.dismissed = False, True
        with suppress(OSError):  # it has gone
            self.line.shutdown(socket.SHUT_RDWR)
