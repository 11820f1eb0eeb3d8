"""How long a cancel takes by what the code does, how much two processes gain, and what ten thousand
tasks take."""

import contextlib
import itertools
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from gator_nb import CANCELED, Gator, Task, Worker, progress
from gator_nb.host.process_tree import marked

from ..waiting import until

MOST_SECONDS = 7.0
MOST_OF_SERIAL = 0.6
MANY = 10_000
_LONG = 1.5
"""Seconds that one of the two CPU-bound tasks takes, about."""


class Row(NamedTuple):
    what: str
    median: float
    """Seconds, or a ratio."""
    worst: float
    unit: str = "s"
    most: float | None = None
    """The target for the worst."""


def measure(rounds: int, tell: Callable[[str], None]) -> list[Row]:
    """Go through all of it, so many times each."""
    rows = [
        _cancels(where, name, code, rounds, tell)
        for where, codes in (("process", _IN_PROCESSES), ("thread", _IN_THREADS))
        for name, code in codes.items()
    ]
    return [*rows, _pair(rounds, tell), *_many(rounds, tell)]


# -- what is canceled --------------------------------------------------------------------------


def begun(code: Callable[[], None]) -> None:
    """Say that it runs, then run."""
    print("begun", flush=True)
    code()


def cooperative() -> None:
    for done in itertools.count():
        progress(done)
        time.sleep(0.01)


def sleeping() -> None:
    time.sleep(600)


def python_loop() -> None:
    while True:
        pass


def in_c_code() -> None:
    sum(itertools.repeat(0))


def hostile() -> None:
    """Swallows all there is, with a grandchild in a session of its own."""
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(600)


_IN_PROCESSES = {
    "cooperative": cooperative,
    "sleeping": sleeping,
    "a loop in Python": python_loop,
    "in C code": in_c_code,
    "hostile, with a set-sid grandchild": hostile,
}
_IN_THREADS = {"cooperative": cooperative, "a loop in Python": python_loop}


@contextmanager
def _served(where: str, slots: int = 1) -> Iterator[Gator]:
    """A queue with one worker; nothing is left of what its tasks started."""
    options = {"processes": slots} if where == "process" else {"threads": slots}
    with _queue() as gator:
        with Worker(gator, **options) as worker:  # type: ignore[arg-type]
            gator.task(int).get(timeout=60)
            yield gator
        assert not marked(f"{worker.id}:")


@contextmanager
def _queue() -> Iterator[Gator]:
    with (
        tempfile.TemporaryDirectory() as folder,
        Gator(f"sqlite:///{Path(folder)}/tasks.sqlite") as gator,
    ):
        yield gator


def _cancels(
    where: str, name: str, code: Callable[[], None], rounds: int, tell: Callable[[str], None]
) -> Row:
    what = f"cancel in a {where}: {name}"
    with _served(where) as gator:
        taken = []
        for number in range(rounds):
            tell(f"{what}, {number + 1} of {rounds}")
            taken.append(_cancel(gator.task(begun, code)))
    return Row(what, statistics.median(taken), max(taken), most=MOST_SECONDS)


def _cancel(task: Task) -> float:
    until(lambda: "begun" in task.logs(), 60)
    start = time.perf_counter()
    task.cancel().wait(timeout=60)
    assert task.status is CANCELED
    return time.perf_counter() - start


# -- two at a time -----------------------------------------------------------------------------


def count(number: int) -> int:
    total = 0
    for one in range(number):
        total += one
    return total


def _pair(rounds: int, tell: Callable[[str], None]) -> Row:
    start = time.perf_counter()
    count(5_000_000)
    number = int(5_000_000 * _LONG / (time.perf_counter() - start))
    ratios = []
    with _served("process", 2) as gator:
        for _ in range(rounds):
            tell("two CPU-bound tasks")
            start = time.perf_counter()
            count(number)
            count(number)
            serial = time.perf_counter() - start
            start = time.perf_counter()
            gator.map(count, [number, number]).get(timeout=60)
            ratios.append((time.perf_counter() - start) / serial)
    what = "two CPU-bound tasks in two processes, of their serial time"
    return Row(what, statistics.median(ratios), max(ratios), "x", MOST_OF_SERIAL)


# -- very many ---------------------------------------------------------------------------------


def _many(rounds: int, tell: Callable[[str], None]) -> list[Row]:
    taken: dict[str, list[float]] = {"pushed": [], "canceled": [], "run and followed": []}
    for _ in range(rounds):
        with _queue() as gator:
            tell("ten thousand tasks")
            start = time.perf_counter()
            group = gator.map(abs, range(MANY))
            taken["pushed"].append(time.perf_counter() - start)
            start = time.perf_counter()
            group.cancel()
            taken["canceled"].append(time.perf_counter() - start)
            group = gator.map(abs, range(MANY))
            start = time.perf_counter()
            gator.start_worker(threads=2)
            assert sum(1 for _ in group.as_completed(timeout=120)) == MANY
            taken["run and followed"].append(time.perf_counter() - start)
    return [
        Row(f"a Group of {MANY:,}: {what}", statistics.median(found), max(found))
        for what, found in taken.items()
    ]
