"""What the tests of the command share: a store known by its address, and `gator-nb` on it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gator_nb import Gator
from gator_nb.cli import app

from ..redis.servers import shared_server
from ..waiting import look_again, until


@pytest.fixture(params=["sqlite", "valkey"])
def dsn(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new store that several processes share."""
    return new_store(request.param, tmp_path)


def new_store(kind: str, folder: Path) -> str:
    """The address of a store of this kind that nobody has opened."""
    return shared_server().dsn() if kind == "valkey" else f"sqlite:///{folder}/tasks.sqlite"


@pytest.fixture
def gator(dsn: str) -> Iterator[Gator]:
    """A queue whose tasks run only when a test runs them."""
    with Gator(dsn) as opened:
        yield opened


class Told:
    """What a command said, and its exit code."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def objects(self) -> list[dict[str, Any]]:
        """Its results with --json."""
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Told]


@pytest.fixture
def run(dsn: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`gator-nb` on the store of the test, in this process."""
    monkeypatch.setenv("GATOR_NB_CONN", dsn)
    return run_here


def run_here(*arguments: str, typed: str | None = None) -> Told:
    """`gator-nb` in this process; what it raises, save what it tells, is the test's to see."""
    result = CliRunner().invoke(app, arguments, input=typed)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Told(result.exit_code, result.stdout, result.stderr)


def run_elsewhere(*arguments: str) -> Told:
    """`gator-nb` in a process of its own, which ends as it ends for a person."""
    command = [sys.executable, "-W", "error", "-m", "gator_nb", *arguments]
    told = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return Told(told.returncode, told.stdout.decode(), told.stderr.decode())


class Serving:
    """`gator-nb worker --json` in a process of its own."""

    def __init__(self, dsn: str, folder: Path, *options: str) -> None:
        self._log = folder / f"worker-{len(list(folder.glob('worker-*')))}.log"
        with self._log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gator_nb", "worker", dsn, "--json", *options],
                stdout=out,
                stderr=subprocess.PIPE,
                env=os.environ | {"PYTHONWARNINGS": "error"},
            )

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The whole lines of its log."""
        text = self._log.read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines]

    def says(self, event: str) -> dict[str, Any]:
        """Wait for an event; answers its line."""
        until(lambda: event in self.events() or self.process.poll() is not None, 30)
        assert event in self.events(), self.end()
        return next(line for line in self.lines if line["event"] == event)

    def end(self) -> tuple[int, str]:
        """Wait for its end; answers the exit code, and what it had to say beside its log."""
        _, err = self.process.communicate(timeout=60)
        look_again()
        return self.process.returncode, err.decode()


Serve = Callable[..., Serving]


@pytest.fixture
def serve(dsn: str, tmp_path: Path) -> Iterator[Serve]:
    """Starts workers on the store of the test, and ends those that still run when it is over."""
    started: list[Serving] = []

    def start(*options: str) -> Serving:
        started.append(Serving(dsn, tmp_path, *options))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.end()
