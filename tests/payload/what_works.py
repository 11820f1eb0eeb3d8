"""`python -m tests.payload.what_works > tests/payload/what_works.md`: a table of functions as
people write them, each pushed by one process and run by another, which has neither the notebook
nor the package beside it; and of what does not work, with the mend.
"""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

from gator_nb import Gator

ROOT = Path(__file__).parents[2]
NOTEBOOK = Path(__file__).with_name("everyday.py")

LAB = {
    "__init__.py": """
        import threading
        from enum import Enum
        from .sensors import Sensor
        from .signals import smooth

        lock, thread = threading.Lock(), threading.Thread()

        class Kind(Enum):
            SQUARE = 1

        def scaler(factor):
            def scale(x):
                with lock:
                    return x * factor
            return scale

        def loud(func):
            def wrapper(*args):
                return str(func(*args)) + "!"
            return wrapper
    """,
    "sensors.py": """
        from __future__ import annotations
        from dataclasses import dataclass

        @dataclass
        class Sensor:
            name: str
            values: list[float]

            def mean(self) -> float:
                from . import signals
                return signals.average(self.values)
    """,
    "signals.py": """
        import numpy as np
        _memo = {}

        def average(values):
            return float(np.mean(values))

        def smooth(values):
            _memo[len(values)] = True
            return [average(values[max(0, i - 1) : i + 2]) for i in range(len(values))]
    """,
    "deep/__init__.py": "",
    "deep/shapes.py": """
        from .. import Kind
        def area(kind, side):
            return side ** 2 if kind is Kind.SQUARE else None
    """,
    "lazily.py": """
        def helper():
            import lab.signals
            return lab.signals.average([1, 2])
    """,
}


class Came(NamedTuple):
    """What a function gave in the notebook and what in the worker, as text."""

    here: str
    there: str
    traceback: str | None

    @property
    def works(self) -> bool:
        return self.here == self.there


def run_elsewhere(folder: Path) -> dict[str, Came]:
    """Every function of the notebook, by its name."""
    dsn, expected, project = f"sqlite:///{folder}/tasks.sqlite", folder / "expected", _lab(folder)
    (folder / "elsewhere").mkdir()
    _python(NOTEBOOK, dsn, expected, cwd=project, path=str(project))
    project.rename(folder / "gone")
    worker = ("-m", "gator_nb", "worker", dsn, "--threads", 2, "--idle-exit", "1s")
    _python(*worker, cwd=folder / "elsewhere")
    with Gator(dsn) as gator:
        return {name: _came(gator, name, here) for name, here in _read(expected).items()}


def _lab(folder: Path) -> Path:
    """A folder with a package of one's own in it, where the notebook is."""
    for name, source in LAB.items():
        file = folder / "project" / "lab" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(source))
    return folder / "project"


def _python(*arguments: object, cwd: Path, path: str = "") -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), path)))}
    run = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd, env=env, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


def _read(expected: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads(expected.read_text())
    return found


def _came(gator: Gator, name: str, here: str) -> Came:
    task = gator[name]
    ended = task.done() and task.error is None
    return Came(here, repr(task.result) if ended else str(task.error), task.traceback)


# -- what is refused -------------------------------------------------------------------------------


def generator() -> Iterator[int]:
    yield 1


def refused() -> dict[str, str]:
    """What cannot travel, and what is said of it at the push."""
    with ExitStack() as stack, Gator("memory://") as gator:
        con = stack.enter_context(closing(sqlite3.connect(":memory:")))
        file = stack.enter_context(tempfile.TemporaryFile())
        a_socket = stack.enter_context(socket.socket())
        lock, thread = threading.Lock(), threading.Thread()
        calls: dict[str, tuple[Callable[..., object], tuple[object, ...]]] = {
            "a captured database connection": (lambda: con, ()),
            "an open file": (lambda: file, ()),
            "a socket": (lambda: a_socket, ()),
            "a captured lock": (lambda: [lock], ()),
            "a generator as an argument": (list, (generator(),)),
            "a thread": (lambda: thread, ()),
        }
        return {
            name: str(gator.inspect(func, *args).problem) for name, (func, args) in calls.items()
        }


POOL = """
from concurrent.futures import ProcessPoolExecutor

def square(x):
    return x * x

def in_a_pool():
    with ProcessPoolExecutor(1) as pool:
        return list(pool.map(square, range(3)))
"""


def failing() -> dict[str, tuple[str, str]]:
    """What fails where it runs: the kind of error, and the note that it has."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(POOL, space)
    with Gator("memory://") as gator:
        gator.task(space["in_a_pool"])
        try:
            gator.pop()
        except Exception as error:
            note = error.__notes__[-1].partition("): ")[2]
            return {"a process pool for a function of a cell": (type(error).__name__, note)}
    return {}


# -- the table -------------------------------------------------------------------------------------

_HEADING = re.compile(r"# -- (.+?) -+$")
_NAMED = re.compile(r"(?:async )?def (\w+)\(|CELLS\.append\(\(\"(\w+)\"")


def sections() -> dict[str, str]:
    """The part of the notebook that each function is in."""
    found, heading = {}, ""
    for line in NOTEBOOK.read_text().splitlines():
        if match := _HEADING.match(line):
            heading = match[1]
        elif match := _NAMED.match(line):
            found[match[1] or match[2]] = heading
    return found


def markdown(came: dict[str, Came]) -> Iterator[str]:
    """The page, line by line."""
    works = sum(one.works for one in came.values())
    yield "# Functions as people write them, in a fresh process"
    yield ""
    yield f"{works} of {len(came)} give in a worker elsewhere what they give in the notebook."
    yield ""
    yield "Made by `python -m tests.payload.what_works` of [everyday.py](everyday.py)."
    yield ""
    yield "| from | function | result there | as here |"
    yield "|---|---|---|---|"
    places = sections()
    for name, one in came.items():
        yield f"| {places.get(name, '')} | `{name}` | {_cell(one.there)} | {_word(one.works)} |"
    yield ""
    yield "## Refused at the push, with the mend"
    yield ""
    yield "| what | said |"
    yield "|---|---|"
    for name, said in refused().items():
        yield f"| {name} | {said.replace('|', chr(92) + '|')} |"

    yield ""
    yield "## Fails where it runs, with the mend"
    yield ""
    yield "| what | error | its note |"
    yield "|---|---|---|"
    for name, (kind, note) in failing().items():
        yield f"| {name} | {kind} | {note} |"


def _word(works: bool) -> str:
    return "yes" if works else "**no**"


def _cell(text: str) -> str:
    shown = text if len(text) <= 60 else f"{text[:57]}..."
    return f"`{shown}`".replace("|", "\\|")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(XDG_DATA_HOME=folder, GATOR_NB_KEY="5a" * 32)
        print("\n".join(markdown(run_elsewhere(Path(folder)))))


if __name__ == "__main__":
    main()
