"""A worker with processes, beside the process that wants it: started, waited for, stopped."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from ..errors import GatorError
from ..needs import Needs
from ..tasks.handle import Handle

_LONGEST_START = 60.0
"""Seconds after which a worker that has said nothing counts as stuck."""
_LONGEST_END = 15.0
"""Seconds in which one that was told to interrupt what runs has ended, unless it is stuck."""


class WorkerProcess:
    """A worker that runs tasks in processes, in a process of its own.

    It ends with the process that started it, however that ends, unless it is detached. A kernel's
    interrupt does not reach it.

    Args:
        address: of the store; it travels by a pipe, never by the arguments of a process.
        queues: that it serves.
        processes: how many tasks it runs at a time.
        detach: let it outlive this process.
        has: what it has for tasks with needs.
    """

    def __init__(
        self,
        address: str,
        queues: Sequence[str],
        processes: int,
        *,
        detach: bool = False,
        has: Needs | None = None,
    ) -> None:
        self.processes = processes
        self.detach = detach
        self.id: str | None = None
        """Of its presence in the store, once it is ready."""
        self._order = {
            "address": address, "queues": list(queues), "processes": processes, "detach": detach,
            "parent": os.getpid(), "has": has,
        }  # fmt: skip
        self._process: subprocess.Popen[str] | None = None
        self._ready = threading.Event()
        self._error: str | None = None

    def start(self) -> Self:
        """Start it; `wait_until_ready` tells when it serves."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gator_nb.attached"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._tell(self._order)
        threading.Thread(
            target=self._listen, args=(self._process,), name="gator_nb worker start", daemon=True
        ).start()
        return self

    def wait_until_ready(self) -> Self:
        """Return once it is registered with the store.

        Raises:
            GatorError: it cannot serve; the text says why.
        """
        self._ready.wait(_LONGEST_START)
        if self.id is None:
            self.stop(0)
            raise GatorError(f"the worker did not start: {self._error or 'it says nothing'}")
        return self

    @property
    def running(self) -> bool:
        """Its process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    def stop(self, timeout: float | None = None) -> bool:
        """Begin nothing more, wait for what runs, interrupt it after `timeout` seconds (None: as
        long as it takes), and end; what was interrupted goes back to the queue."""
        process = self._process
        if process is None:
            return True
        if self.detach:
            process.terminate()
            if timeout is not None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout)
                process.terminate()  # the second time it interrupts what runs
        else:
            self._tell({"stop": timeout})
        try:
            process.wait(None if timeout is None else timeout + _LONGEST_END)
        except subprocess.TimeoutExpired:
            process.kill()  # others will find it dead, and take its tasks over
            process.wait()
        self._close(process)
        Handle.moved_here()
        return True

    def _tell(self, message: object) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with suppress(BrokenPipeError, ValueError):  # it has ended
                process.stdin.write(json.dumps(message) + "\n")
                process.stdin.flush()

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        """Take its one answer."""
        line = process.stdout.readline() if process.stdout else ""
        answer = json.loads(line) if line else {"error": f"it ended with {process.wait()}"}
        self.id, self._error = answer.get("ready"), answer.get("error")
        self._ready.set()

    def _close(self, process: "subprocess.Popen[str]") -> None:
        self._ready.wait(_LONGEST_START)
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
