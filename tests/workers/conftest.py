"""What the tests of workers share: stores, scripts in other processes, a look at what is left."""

import gc
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gator_nb import Gator

from ..waiting import look_again


def our_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("gator_nb")]


@pytest.fixture(autouse=True)
def no_foreign_code_at_collections() -> Iterator[None]:
    """Hypothesis times the garbage collector by a callback in every thread: an interruption that
    lands there is lost, as it would not be for a user."""
    before = list(gc.callbacks)
    gc.callbacks[:] = [one for one in before if not one.__module__.startswith("hypothesis")]
    yield
    gc.callbacks[:] = before


@pytest.fixture(params=["memory", "sqlite"])
def gator(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gator]:
    """A queue on each embedded store."""
    where = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/tasks.sqlite"
    with Gator(where) as opened:
        opened.backend.drop_all("*")
        yield opened


@pytest.fixture
def conn(tmp_path: Path) -> str:
    """The address of a store that several processes share."""
    return f"sqlite:///{tmp_path}/tasks.sqlite"


@pytest.fixture
def shared(conn: str) -> Iterator[Gator]:
    """This process's view of that store."""
    with Gator(conn) as opened:
        yield opened


class Script:
    """A plain Python script in a process of its own."""

    def __init__(self, source: str, folder: Path, *arguments: str) -> None:
        number = len(list(folder.glob("script-*.py")))
        path = folder / f"script-{number}.py"
        path.write_text(textwrap.dedent(source))
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", str(path), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    def says(self, word: str) -> None:
        """Wait for a line of its output."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.strip() == word:
                return
        raise AssertionError(f"ended without saying {word!r}: {self.end()}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.end()

    def end(self, timeout: float = 60.0) -> tuple[int, str, str]:
        """Wait for its end; answers the exit code, and what it printed since."""
        out, err = self.process.communicate(timeout=timeout)
        look_again()
        return self.process.returncode, out, err


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Callable[..., Script]]:
    """Starts scripts, and ends those that still run when the test is over."""
    started: list[Script] = []

    def start(source: str, *arguments: str) -> Script:
        started.append(Script(source, tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.communicate()
        for stream in (one.process.stdout, one.process.stderr):
            if stream is not None:
                stream.close()


class Ledger:
    """A file that tasks append a line to: what has truly run, whatever the store says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def lines(self) -> list[str]:
        return self.path.read_text().split()

    def count(self, word: str) -> int:
        return self.lines().count(word)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger.txt")


WORKER = """
    import sys
    from gator_nb import Gator, Worker
    conn, threads = sys.argv[1], int(sys.argv[2])
    worker = Worker(Gator(conn), to_consume="*", threads=threads)
    original = worker.starting
    def starting():
        original()
        print("ready", flush=True)
    worker.starting = starting
    sys.exit(worker.run_forever())
"""
"""A worker that runs until it is told to stop, as a plain script would have it."""


@pytest.fixture
def worker_script(script: Callable[..., Script], conn: str) -> Callable[..., Script]:
    """Starts a worker in a process of its own and waits until it is there."""

    def start(threads: int = 1) -> Script:
        one = script(WORKER, conn, str(threads))
        one.says("ready")
        return one

    return start
