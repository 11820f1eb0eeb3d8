"""Threads that a task starts belong to it, and so does what it gives to a pool of threads that is
older: what they print goes into its log, and `progress` in them is the task's."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.thread import _worker
from contextvars import copy_context
from typing import Any

from .running import current_try

_taught = False


def teach_threads() -> None:
    """Let threads inherit the try that they are started in, and calls in pools that which they are
    submitted in. May be repeated."""
    global _taught
    if _taught:
        return
    _taught = True
    _teach_start()
    _teach_submit()


def _teach_start() -> None:
    plain = threading.Thread.start

    def start(self: threading.Thread) -> None:
        # A pool's threads outlive the task and work for others, so each call brings its own.
        of_a_pool = getattr(self, "_target", None) is _worker
        of_tqdm = type(self).__module__ == "tqdm._monitor"  # one thread for all bars there are
        if current_try() is not None and not of_a_pool and not of_tqdm:
            run, context = self.run, copy_context()
            self.run = lambda: context.run(run)  # type: ignore[method-assign]
        plain(self)

    threading.Thread.start = start  # type: ignore[method-assign]


def _teach_submit() -> None:
    plain = ThreadPoolExecutor.submit

    def submit(
        self: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        if current_try() is None:
            return plain(self, fn, *args, **kwargs)
        return plain(self, copy_context().run, fn, *args, **kwargs)

    ThreadPoolExecutor.submit = submit  # type: ignore[assignment, method-assign]
