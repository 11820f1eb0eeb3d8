"""What a process that is given over to a worker does for it: its log, its signals, its turns."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .worker import Worker

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def logging_of(worker: "Worker") -> Iterator[None]:
    """Its log goes to standard error, unless somebody has said where it goes."""
    handler = None if worker.log.hasHandlers() else logging.StreamHandler()
    if handler is not None:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        worker.log.addHandler(handler)
        worker.log.setLevel(worker.log_level)
    try:
        yield
    finally:
        if handler is not None:
            worker.log.removeHandler(handler)


@contextmanager
def signals_to(worker: "Worker") -> Iterator[None]:
    """Finish on the first signal, interrupt on the second; only a main thread can ask so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    heard, tell = os.pipe()

    def handle(signum: int, _frame: FrameType | None) -> None:
        os.write(tell, bytes([signum]))  # it may strike amid a line of the log, or of itself

    heeding = threading.Thread(target=_heed, args=(worker, heard), name="gator_nb signals")
    heeding.start()
    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(tell)
        heeding.join()


def _heed(worker: "Worker", heard: int) -> None:
    """Do what signals ask for, one after the other, until there can be none."""
    with open(heard, "rb", buffering=0) as signals:
        while number := signals.read(1):
            if worker.keep_running:
                worker.interrupt()
            else:
                worker.cut_by = number[0]
                worker.cut_short()


@contextmanager
def short_turns() -> Iterator[None]:
    """The loop waits its turn each time that it has heard from the store, and tasks wait for it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _TURN))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


_TURN = 0.001
"""Seconds; with Python's own five milliseconds a drain of short tasks takes a tenth longer."""
