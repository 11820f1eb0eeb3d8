"""Waiting for what another thread or process will do."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from gator_nb.tasks.handle import Handle


def until(condition: Callable[[], object], seconds: float = 15.0) -> None:
    """Return once `condition` holds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.01)


def look_again() -> None:
    """From here on handles ask the store, though one may show what it has read for 50 ms."""
    Handle.moved_here()


class Gate(NamedTuple):
    """What a task waits at until its test lets it go on; a file, so that it is seen anywhere."""

    path: Path

    def wait(self) -> None:
        """Wait until it is open."""
        while not self.path.exists():
            time.sleep(0.01)

    def open(self) -> None:
        """Let whoever waits go on."""
        self.path.touch()
