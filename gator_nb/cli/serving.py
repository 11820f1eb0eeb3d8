"""A worker that says what it does, for people and programs that read its log."""

import logging
import os
import threading
import time
from typing import Any

from ..host.liveness import host_name
from ..workers.worker import Worker
from .showing import safe, tasks

_LAST_PATIENCE = 1.0
"""Seconds after a second signal that a call goes on trying to reach a store that is away."""
_AT_ONCE = 10.0
"""Seconds after a second signal when the worker goes, whatever the store says: processes are
killed by then."""


class ServingWorker(Worker):
    """A `Worker` whose log has an event a line, and whose drain may be bounded.

    Args:
        grace: seconds that a drain lasts before what still runs is interrupted; None: as long as
            it takes.
        asked_name: the name that was asked for, where another worker has it.
    """

    def __init__(
        self, *args: Any, grace: float | None, asked_name: str | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.grace = grace
        self._asked_name = asked_name
        self._signaled = False

    def starting(self) -> None:
        self.keep_running = not self._signaled  # a signal may have been faster
        if self._asked_name != self.name:
            self.say(
                "name-taken",
                f"another worker is called {safe(self._asked_name)}: both work, and this one is "
                f"shown as {safe(self.name)}",
                logging.WARNING,
            )
        queues = self.queues
        served = "every queue" if queues is None else ", ".join(safe(one) for one in queues)
        self.say(
            "starting",
            f"serving {served} of {self.gator.conn_string}, {self.at_a_time}",
            store=self.gator.conn_string, queues=queues and list(queues),
            slots=self.processes or self.threads or None,
            worker=self.name or f"{host_name()}:{os.getpid()}", worker_id=self.id,
            pid=os.getpid(), durability=self.gator.durability,
        )  # fmt: skip

    @property
    def at_a_time(self) -> str:
        if self.foreign is not None:
            return "on a cluster"
        if not self.processes:
            return f"{self.threads} at a time"
        return f"in {self.processes} process{'' if self.processes == 1 else 'es'}"

    def interrupt(self) -> None:
        self._signaled = True
        self.drain("told to end")

    def drain(self, why: str) -> None:
        """Begin nothing more and end once what runs has; after the grace it is interrupted."""
        self.keep_running = False
        if self.grace is not None and self._loop is not None:
            self._loop.deadline = time.monotonic() + self.grace
        limit = "" if self.grace is None else f" within {self.grace:g} s"
        running = self.running_now
        rest = f"; {tasks(running)} may finish{limit}" if running else ""
        self.say("draining", f"{why}{rest}", why=why, running=running, grace=self.grace)
        self._wake()

    def executor_gone(self, why: str) -> None:
        self.orphaned = True
        self.say("executor-gone", why, logging.ERROR)
        self.drain("its cluster has gone")

    def cut_short(self) -> None:
        if not self._signaled:  # it was ending by itself, and this is the first signal
            self.cut_by = None
            self.interrupt()
            return
        running = self.running_now
        self.say("interrupting", f"told again: interrupting {tasks(running)}", running=running)
        backend = self.gator.backend
        backend.patience = min(_LAST_PATIENCE, backend.patience)  # also of a call that waits now
        super().cut_short()
        if self._loop is not None:  # which may wait for a store that does not answer
            patience = threading.Timer(_AT_ONCE, self._loop.stopped.set)
            patience.name, patience.daemon = "gator_nb patience", True
            patience.start()

    def stopping(self) -> None:
        self.keep_running = False
        code, left = self.exit_code, self.running_now
        rest = f"; {tasks(left)} could not be stopped and may run again elsewhere" if left else ""
        self.say(
            "stopped",
            f"stopped after {tasks(self.tasks_complete)}{rest}",
            logging.WARNING if code == 1 else logging.INFO,
            tasks=self.tasks_complete, dropped=self.fenced, unsettled=left, exit_code=code,
        )  # fmt: skip

    def say(self, event: str, text: str, level: int = logging.INFO, **fields: Any) -> None:
        """A line of the log, with its fields for programs."""
        self.log.log(level, "%s", text, extra={"fields": {"event": event, **fields}})
