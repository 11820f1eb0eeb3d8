"""The process in which a worker runs user code, one task at a time, in its main thread.

It has no store and no key: it is sent a call whose signature was verified, and sends back what
came of it. `python -m gator_nb.executors.child FD PARENT` speaks with its worker over a socket.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FrameType

from ..attempts.attempt import Ended, attempt
from ..attempts.running import Cause, Interrupted, Try
from ..attempts.snapshot import Snapshot
from ..attempts.teaching import teach_libraries
from ..client.here import CLIENT
from ..host.process_tree import adopt_orphans, die_with_parent
from ..output.rich_output import Display, encoded
from ..output.routing import Sink
from ..record import Record
from ..tasks.task import Task
from .assignment import killed_with, report
from .far import FarClient
from .line import Line, Received
from .own_output import end_output, take_output
from .peak_memory import peak_memory, reset_peak
from .restoring import Surroundings
from .wire import Message

_TELL_EVERY = 0.1
"""Seconds between two messages about progress."""


class _ToStream(Sink):
    """What gator_nb itself has to say goes where the task's own output goes."""

    def write(self, text: str) -> None:
        sys.stderr.write(text)

    def show(self, shown: Display) -> None:
        sys.stdout.write(encoded(shown).decode("ascii"))


class ChildTry(Try):
    """A try in the main thread of a child, interrupted by a signal's handler."""

    def __init__(self, record: Record, line: Line, client: FarClient) -> None:
        super().__init__(
            record, client, on_pause=lambda one: line.send({"type": "paused", "on": one.paused})
        )
        self.client = client
        self.sink = _ToStream()
        self.inside = False
        self.import_torn = False
        """An import was under way when it was interrupted."""

    def is_here(self) -> bool:
        return threading.current_thread() is threading.main_thread()

    @contextmanager
    def user_code(self) -> Iterator[None]:
        self.inside = True  # first, so that a request between these lines is not missed
        try:
            if self.cause is not None:
                raise Interrupted(self.cause)
            yield
        finally:
            self.inside = False

    @contextmanager
    def shielded(self) -> Iterator[None]:
        inside, self.inside = self.inside, False
        try:
            yield
        finally:
            self.inside = inside
        if self.cause is not None and inside:
            self.inside = False
            raise Interrupted(self.cause)

    def stopped_words(self) -> str:
        return f"{super().stopped_words()} by SIGINT"


class Child:
    """Runs what its worker sends."""

    def __init__(self, line: socket.socket) -> None:
        self._main = threading.get_ident()
        self._one: ChildTry | None = None
        self._asked: dict[str, Cause] = {}
        self._running = threading.Event()
        teach_libraries()
        signal.signal(signal.SIGINT, self._on_sigint)
        self._line = Line(line, self._interrupt, self._whole)
        threading.Thread(target=self._keep_telling, name="gator_nb tell", daemon=True).start()
        self._surroundings = Surroundings()

    def serve(self) -> None:
        """Run tasks until the worker closes the line."""
        self._line.send({"type": "ready"})
        while self._serve_one():
            pass

    def _serve_one(self) -> bool:
        """Run the next task, and hold nothing of it while waiting for another; False at the end."""
        received = self._line.next_task()
        if received is None:
            return False
        take_output(*received.files)
        if self._surroundings.stale():
            self._line.send({"type": "stale"})
        else:
            self._run(received)
        return True

    def _run(self, received: Received) -> None:
        message = received.message
        record = Record(**message["record"])
        one = ChildTry(record, self._line, FarClient(self._line, message["store"]))
        os.environ.update(message["env"])
        reset_peak()

        snapshot = Snapshot.from_message(message["snapshot"], received.payload)
        one.limit(snapshot.timeout, snapshot.backoff)  # it may be over before the call is loaded

        def load() -> Task:
            CLIENT.set(one.client)
            task = snapshot.load(one)
            if message["killed"] is not None:
                _only_on_error(task, killed_with(message["killed"]))
            return task

        self._line.busy, self._one = True, one
        if record.claim in self._asked:  # it came before there was anything to interrupt
            one.asked(self._asked[record.claim])
        self._running.set()
        self._end(one, attempt(one, load))  # in no variable of this frame; see `attempt`

    def _end(self, one: ChildTry, ended: Ended) -> None:
        self._running.clear()
        self._one = None
        one.client.leave()
        end_output()
        self._tell(one)
        ended = ended._replace(peak_memory=peak_memory())
        clean = self._restored() and not one.import_torn
        self._surroundings.note_modules()
        self._asked.clear()
        self._line.busy = False
        self._line.send(*report(one.claim, ended, clean=clean))

    def _restored(self) -> bool:
        try:
            return self._surroundings.restore()
        except (OSError, ValueError):  # what cannot be put back is not used again
            return False

    # -- stopping ----------------------------------------------------------------------------------

    def _whole(self) -> AbstractContextManager[None]:
        """Around a message, which an interruption of this thread must not tear apart."""
        one, here = self._one, threading.get_ident()
        return one.shielded() if one is not None and here == self._main else nullcontext()

    def _interrupt(self, message: Message) -> None:
        """A request to stop has come: note why, then strike the main thread."""
        claim = message["claim"]
        self._asked[claim] = message["cause"]
        one = self._one
        if one is not None and one.claim == claim:
            one.asked(message["cause"])
            signal.pthread_kill(self._main, signal.SIGINT)

    def _on_sigint(self, _number: int, frame: FrameType | None) -> None:
        one = self._one
        if one is None or not one.inside:
            return
        one.import_torn = one.import_torn or _importing(frame)
        if one.cause is None:  # the task's own, or from outside
            raise KeyboardInterrupt
        one.inside = False  # once is enough: what cleans up is not disturbed
        raise Interrupted(one.cause)

    # -- telling -----------------------------------------------------------------------------------

    def _keep_telling(self) -> None:
        """Pass on what the task tells, ten times a second at most."""
        pause = threading.Event()
        while True:
            self._running.wait()
            pause.wait(_TELL_EVERY)
            self._tell(self._one)

    def _tell(self, one: ChildTry | None) -> None:
        if one is not None and one.told:
            one.told = False
            told = {"progress": one.progress_text(), "metrics": one.metrics_text()}
            self._line.send({"type": "told", "claim": one.claim, **told})


def _importing(frame: FrameType | None) -> bool:
    """An import is under way there. What C code has set up of it by then cannot be set up again
    in this process: torn, it fails for every task to come."""
    while frame is not None and frame.f_code.co_filename != "<frozen importlib._bootstrap>":
        frame = frame.f_back
    return frame is not None


def _only_on_error(task: Task, error: BaseException) -> None:
    """Have a task do nothing but tell its `on_error` of an error, once."""
    hook = task.on_error

    def once(task: Task, told: BaseException) -> object:
        task.on_error = None
        return hook(task, told)

    def fail() -> None:
        raise error

    task.on_start, task.on_error = None, once
    task.func, task.func_args, task.func_kwargs = fail, (), {}


def main() -> None:
    """Serve the worker that started this process."""
    fd, parent = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(fd, False)
    die_with_parent(parent)
    adopt_orphans()
    sys.argv[:] = [""]
    with socket.socket(fileno=fd) as line:
        Child(line).serve()


if __name__ == "__main__":
    main()
