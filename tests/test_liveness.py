"""Locks that tell who lives: what becomes of the file of a process that died unknown to any store."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gator_nb.constants import DAY
from gator_nb.host.liveness import LifeLock

pytestmark = pytest.mark.skipif("sys.platform != 'linux'")


def left_by_a_kill() -> Path:
    """The file of a process that was killed before it could register anywhere, or whose store has
    forgotten it."""
    code = (
        "import os; from gator_nb.host.liveness import LifeLock; "
        "lock = LifeLock(); print(lock.path, flush=True); os.kill(os.getpid(), 9)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    return Path(ran.stdout.strip())


def touched(path: Path, ago: float) -> Path:
    at = time.time() - ago
    os.utime(path, (at, at))
    return path


def test_it_stays_as_long_as_a_store_may_ask_for_it() -> None:
    """That it is free is what tells of the death; without the file a lease would have to end."""
    dead = touched(left_by_a_kill(), DAY / 2)
    LifeLock().free()
    assert dead.exists()


def test_after_a_day_whoever_comes_next_removes_it() -> None:
    """And what a living process holds stays, however old it is."""
    dead = touched(left_by_a_kill(), DAY + 1)
    living = LifeLock()
    touched(Path(living.path), 2 * DAY)
    LifeLock().free()
    assert not dead.exists()
    assert Path(living.path).exists()
    living.free()
