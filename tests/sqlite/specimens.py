"""Stores, pushes and processes for these tests."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import apsw

import gator_nb
from gator_nb.backends.base import Push
from gator_nb.backends.sqlite import SQLiteBackend
from gator_nb.record import Record

LANE = "3.11/a1b2c3d4/any/"
ROOT = Path(gator_nb.__file__).parents[1]


def push(task_id: str, envelope: bytes = b"call") -> Push:
    return Push(Record(task_id, "all", lane=LANE, origin=task_id), envelope)


def write(path: Path, *statements: str) -> None:
    """Change the file behind the store's back."""
    db = apsw.Connection(str(path))
    for statement in statements:
        db.execute(statement).fetchall()
    db.close()


@contextmanager
def opened(path: Path, options: str = "") -> Iterator[SQLiteBackend]:
    backend = SQLiteBackend(f"sqlite:///{path}{options}")
    try:
        yield backend
    finally:
        backend.close()


@contextmanager
def other_process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Another Python that runs `script` with `backend`, `push` and `LANE` at hand."""
    prelude = textwrap.dedent(
        """
        import os, sys, time
        from gator_nb.backends.base import Push, Settlement
        from gator_nb.backends.sqlite import SQLiteBackend
        from gator_nb.record import Record
        from gator_nb.states import SUCCESS
        LANE = "3.11/a1b2c3d4/any/"
        backend = SQLiteBackend(f"sqlite:///{sys.argv[1]}")
        def push(task_id):
            return Push(Record(task_id, "all", lane=LANE, origin=task_id), b"call")
        def say(*words):
            print(*words, flush=True)
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", prelude + textwrap.dedent(script)]
        + [str(argument) for argument in arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # with what it has forked
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
