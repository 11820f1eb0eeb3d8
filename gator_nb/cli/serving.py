"""A worker that says what it does, for people and programs that read its log."""

import logging
import os
import time
from typing import Any

from ..liveness import host_name
from ..worker import Worker
from .showing import safe, tasks


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

    def starting(self) -> None:
        self.keep_running = True
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
            f"serving {served} of {self.gator.conn_string}, {self.threads} at a time",
            store=self.gator.conn_string, queues=queues and list(queues), slots=self.threads,
            worker=self.name or f"{host_name()}:{os.getpid()}", worker_id=self.id,
            pid=os.getpid(), durability=self.gator.durability,
        )  # fmt: skip

    def interrupt(self) -> None:
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

    def cut_short(self) -> None:
        running = self.running_now
        self.say("interrupting", f"told again: interrupting {tasks(running)}", running=running)
        super().cut_short()

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
