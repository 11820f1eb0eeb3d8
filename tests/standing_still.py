"""A process that stands still for a while, and what it says of its sleep."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """Stopped by SIGSTOP, alive and silent; it goes on afterwards."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def times_asleep(status: Path) -> int:
    """How often a thread went to sleep by itself so far, by its `status` in /proc; 0 once it has
    ended."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary"))
