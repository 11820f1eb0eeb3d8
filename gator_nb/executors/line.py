"""The child's end of the line to its worker: a thread that reads it, and requests that wait.

The reader passes tasks on to the main thread, answers to whoever asked, and requests to stop to
`on_interrupt`. When the worker is gone there is nothing left to do for this process.
"""

import itertools
import json
import os
import queue
import socket
import threading
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from .. import errors
from .wire import HEAD_SIZE, Message, packed, sizes


class Received(NamedTuple):
    """One message with what came along."""

    message: Message
    payload: bytes
    files: list[int]


class Line:
    """Speaks with the worker. `send` and `ask` may be called from any thread; `whole` gives what
    is put around each message so that it is sent in one piece."""

    def __init__(
        self,
        line: socket.socket,
        on_interrupt: Callable[[Message], None],
        whole: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._pid = os.getpid()
        self._whole = whole
        self._line = line
        self._on_interrupt = on_interrupt
        self._sending = threading.Lock()
        self._tasks: queue.SimpleQueue[Received | None] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._answers: dict[int, queue.SimpleQueue[Received]] = {}
        self.busy = False
        """A task is under way."""
        threading.Thread(target=self._read, name="gator_nb line", daemon=True).start()

    def next_task(self) -> Received | None:
        """The next task to run; None when the worker has closed the line."""
        return self._tasks.get()

    def send(self, message: Message, payload: bytes = b"") -> None:
        """Say something.

        Raises:
            GatorError: this is a fork of the process whose line it is.
        """
        if os.getpid() != self._pid:
            raise errors.GatorError(
                "a process that a task has forked cannot speak for it; do it in the task itself"
            )
        head, tail = packed(message, payload)
        with self._whole(), self._sending:
            self._line.sendall(head)
            if tail:
                self._line.sendall(tail)

    def ask(self, verb: str, payload: bytes = b"", **fields: Any) -> tuple[Message, bytes]:
        """Ask the worker for something and wait for its answer.

        Raises:
            GatorError: what the worker could not do, as it would be raised there.
        """
        number = next(self._numbers)
        box: queue.SimpleQueue[Received] = queue.SimpleQueue()
        self._answers[number] = box
        try:
            self.send({"type": "ask", "verb": verb, "number": number, **fields}, payload)
            answer = box.get()
        finally:
            del self._answers[number]
        failure = answer.message.get("failure")
        if failure is not None:
            kind = getattr(errors, failure["kind"], errors.GatorError)
            raise kind(failure["text"])
        return answer.message, answer.payload

    # -- the reader --------------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            self._hear()
        except BaseException:  # noqa: BLE001 -- whatever it is
            traceback.print_exc()
            os._exit(1)  # deaf, it would hold its task for ever
        if self.busy:
            os._exit(1)  # nobody can be told how the task ends
        self._tasks.put(None)

    def _hear(self) -> None:
        while (received := self._receive()) is not None:
            kind = received.message["type"]
            if kind == "run":
                self._tasks.put(received)
            elif kind == "interrupt":
                self._on_interrupt(received.message)
            elif kind == "answer" and received.message["number"] in self._answers:
                self._answers[received.message["number"]].put(received)

    def _receive(self) -> Received | None:
        try:
            head, files, _, _ = socket.recv_fds(self._line, HEAD_SIZE, 1)
            if not head:
                return None
            text, payload = sizes(head + self._exactly(HEAD_SIZE - len(head)))
            return Received(json.loads(self._exactly(text)), self._exactly(payload), files)
        except (OSError, EOFError):  # the worker is gone, or the task has closed it
            return None

    def _exactly(self, size: int) -> bytes:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            count = self._line.recv_into(view)
            if not count:
                raise EOFError
            view = view[count:]
        return bytes(data)
