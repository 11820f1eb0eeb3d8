"""Python's own `sqlite3` beside the one that the store uses: two libraries in one process, which
know nothing of each other's locks. People look into their file with it, or with pandas."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from gator_nb import Gator

pytestmark = pytest.mark.skipif(
    "sys.platform != 'linux'", reason="locks of an open file are Linux's"
)

COUNT = """
import sys
from gator_nb import Gator
with Gator(sys.argv[1]) as gator:
    print(len(gator))
"""


def seen_elsewhere(gator: Gator) -> int:
    """How many tasks another process sees, which opens the file and closes it again."""
    command = [sys.executable, "-c", COUNT, gator.conn_string]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tasks.sqlite"


def test_a_look_with_another_library_takes_nothing_away(path: Path) -> None:
    """Closed, it finds no lock in its way, and would remove the log of what was stored last."""
    with Gator(f"sqlite:///{path}") as gator:
        gator.task(pow, 2, 10)
        with closing(sqlite3.connect(path)) as other:
            assert len(pd.read_sql("SELECT * FROM task", other)) == 1
        for exponent in range(5):
            gator.task(pow, 2, exponent)
        assert len(gator) == seen_elsewhere(gator) == 6
        with Gator(gator.conn_string) as second, closing(sqlite3.connect(path)) as other:
            assert other.execute("SELECT count(*) FROM task").fetchone() == (len(second),)
        gator.task(pow, 2, 6)
        assert seen_elsewhere(gator) == 7
        assert gator.verify() == []
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name], "all is in the file"


def test_a_copy_of_the_file_takes_nothing_away(path: Path) -> None:
    """Whoever reads it closes a descriptor of it, and with that drops SQLite's own locks; then the
    next process that closes the store would be its last user."""
    with Gator(f"sqlite:///{path}") as gator:
        gator.task(pow, 2, 10)
        assert path.read_bytes()
        assert path.with_name(f"{path.name}-shm").read_bytes()
        assert seen_elsewhere(gator) == 1
        gator.task(pow, 2, 11)
        assert seen_elsewhere(gator) == 2


def test_what_was_acknowledged_after_such_a_look_survives_a_kill(path: Path) -> None:
    script = f"""
        import os, signal, sqlite3
        from gator_nb import Gator
        gator = Gator("sqlite:///{path}")
        gator.task(pow, 2, 10)
        other = sqlite3.connect("{path}")
        other.execute("SELECT count(*) FROM task").fetchone()
        other.close()
        gator.task(pow, 2, 11)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    assert killed.returncode == -signal.SIGKILL
    with Gator(f"sqlite:///{path}") as gator:
        assert len(gator) == 2
        assert gator.verify() == []


def test_a_fork_lets_go_of_nothing(path: Path) -> None:
    """What a child does to the descriptors that it inherits is its own business."""
    with Gator(f"sqlite:///{path}") as gator:
        gator.task(pow, 2, 10)
        child = os.fork()
        if child == 0:
            with Gator(gator.conn_string) as own:
                own.task(pow, 2, 11)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        with closing(sqlite3.connect(path)) as other:
            other.execute("SELECT count(*) FROM task").fetchone()
        gator.task(pow, 2, 12)
        assert seen_elsewhere(gator) == 3
