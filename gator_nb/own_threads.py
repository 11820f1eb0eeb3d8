"""Threads that a task starts belong to it: what they print goes into its log, and `progress` in
them is the task's."""

import threading
from contextvars import copy_context

from .running import current_try

_taught = False


def teach_threads() -> None:
    """Let threads inherit the try that they are started in. May be repeated."""
    global _taught
    if _taught:
        return
    _taught = True
    plain = threading.Thread.start

    def start(self: threading.Thread) -> None:
        if current_try() is not None:
            run, context = self.run, copy_context()
            self.run = lambda: context.run(run)  # type: ignore[method-assign]
        plain(self)

    threading.Thread.start = start  # type: ignore[method-assign]
