"""The line at the bottom of a worker's terminal."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from ..errors import GatorError
from ..states import UNSTARTED
from .serving import ServingWorker
from .showing import DIM
from .worker_log import Log, Tally

_COUNT_EVERY = 1.0
"""Seconds between two looks at how much is queued."""
_DRAWN = 4
"""Times a second."""
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


@contextmanager
def status_line(worker: ServingWorker, log: Log) -> Iterator[None]:
    """Keep the line there, below what is logged."""
    line, over = StatusLine(worker, log.tally), threading.Event()
    counting = threading.Thread(
        target=line.count_until, args=(over,), name="gator_nb status line", daemon=True
    )
    shown = Live(
        line, console=log.terminal, refresh_per_second=_DRAWN, transient=True,
        redirect_stdout=False, redirect_stderr=False,  # what tasks print goes to their logs
    )  # fmt: skip
    with shown:
        counting.start()
        try:
            yield
        finally:
            over.set()
            counting.join()


class StatusLine:
    """What runs, what ended, what waits, where, and since when; in one line of any width."""

    def __init__(self, worker: ServingWorker, tally: Tally) -> None:
        self._worker, self._tally = worker, tally
        self._began = time.monotonic()
        self.queued: int | None = None
        """Not yet started, as far as it was counted."""
        self._away = False

    def count_until(self, over: threading.Event) -> None:
        """Look at the queue from time to time; of a store that is away say so."""
        while True:
            try:
                self.queued, self._away = self.count(), False
            except GatorError:
                self._away = True
            if over.wait(_COUNT_EVERY):
                return

    def count(self) -> int:
        """What has not started in the queues that the worker serves."""
        served = self._worker.queues
        counts = self._worker.gator.backend.counts()
        rows = [row for queue, row in counts.items() if served is None or queue in served]
        return sum(row.get(status, 0) for row in rows for status in UNSTARTED)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        worker = self._worker
        running, failed = worker.running_now, self._tally.failed
        text = Text(no_wrap=True, overflow="ellipsis")
        if running and not options.ascii_only:
            text.append(f"{_FRAMES[int(time.monotonic() * _DRAWN) % len(_FRAMES)]} ", style="blue")
        text.append(f"{running}/{worker.slots} running", style="bold blue" if running else "bold")
        text.append(f" · {max(0, worker.tasks_complete - failed):,} done", style="green")
        text.append(f" · {failed:,} failed", style="bold red" if failed else DIM)
        text.append(self._queue_text(), style="bold red" if self._away else "cyan")
        if worker.keep_running:
            text.append(f" · up {_clock(time.monotonic() - self._began)}", style=DIM)
            text.append(f" · {worker.gator.conn_string}", style=DIM)
        else:
            text.append(" · ending; Ctrl-C again interrupts", style="yellow")
        yield text

    def _queue_text(self) -> str:
        if self._away:
            return " · the store is away"
        return "" if self.queued is None else f" · {self.queued:,} queued"


def _clock(seconds: float) -> str:
    """
    >>> _clock(3725)
    '1:02:05'
    """
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
