"""Locks that tell who lives: what becomes of the file of one that died unknown to any store."""

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


def test_it_stays_for_a_day_after_it_was_seen_to_be_free() -> None:
    """That it is free is what tells of the death; without the file a lease would have to end. A
    process may have lived for long before it died."""
    dead = touched(left_by_a_kill(), 9 * DAY)
    LifeLock().free()
    assert dead.exists()
    touched(dead, DAY / 2)
    LifeLock().free()
    assert dead.exists()
    touched(dead, DAY + 1)
    LifeLock().free()
    assert not dead.exists()


def test_what_a_living_process_holds_stays_however_old_it_is() -> None:
    living = LifeLock()
    for _ in range(3):
        touched(Path(living.path), 2 * DAY)
        LifeLock().free()
    assert Path(living.path).exists()
    living.free()
