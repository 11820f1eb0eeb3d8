"""Locks that tell who lives: what becomes of the file of one that died unknown to any store."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from gator_nb.constants import DAY
from gator_nb.host.liveness import Life, LifeLock, boot_id, probe

from .waiting import until

pytestmark = pytest.mark.skipif("sys.platform != 'linux'")


def test_a_fork_does_not_keep_the_lock_of_a_process_that_died() -> None:
    """A task may have forked; what it left lives on, and its worker does not."""
    code = """
        import os, time
        from gator_nb.host.liveness import LifeLock
        lock = LifeLock()
        child = os.fork()
        if not child:
            time.sleep(60)
        print(lock.path, child, flush=True)
        os.kill(os.getpid(), 9)
    """
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as died:
        assert died.stdout is not None
        path, child = died.stdout.readline().split()
        died.wait()
        try:
            until(lambda: probe(path, boot_id()) is Life.DEAD, 5)
        finally:
            os.kill(int(child), signal.SIGKILL)


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
