"""A 100 MB array that 100 tasks capture: what is stored, how much memory that takes, and how long,
beside plain pickling. Each way is measured in a process of its own."""

import json
import os
import queue
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

MB = 100
TASKS = 100
PLAIN_TASKS = 5
"""Plain pickling stores the array with each task: the rest is reckoned from these."""
MOST_TIMES = 3.0
"""The target for the memory, in arrays."""
_SIZE = MB * 1_000_000
_LOOK_EVERY = 0.01


class Row(NamedTuple):
    what: str
    stored: float
    """In arrays."""
    memory: float
    """That it took beside the processes as such; in arrays."""
    pushing: float
    """Seconds."""
    all: float
    """Seconds from the push to the last result."""


def measure(rounds: int, tell: Callable[[str], None]) -> list[Row]:
    """Each way so many times: the largest memory, and the medians of the times."""
    return [_summed_up([_apart(name, tell) for _ in range(rounds)]) for name in _WAYS]


def _summed_up(rows: list[Row]) -> Row:
    what, stored, memory, pushing, everything = zip(*rows, strict=True)
    return Row(what[0], max(stored), max(memory), median(pushing), median(everything))


def _apart(name: str, tell: Callable[[str], None]) -> Row:
    tell(name)
    command = [sys.executable, "-m", __spec__.name, name]
    told = subprocess.run(command, check=True, capture_output=True, timeout=600).stdout
    return Row(*json.loads(told))


# -- one way, in its process -----------------------------------------------------------------------


class Memory:
    """The most that this process and those below it hold while it is watched, in arrays: what
    several of them share counts once (`Pss`, proc(5))."""

    def __init__(self) -> None:
        self._before = _held()
        self.most = 0.0

    @contextmanager
    def watched(self) -> Iterator["Memory"]:
        over = threading.Event()
        self.most = 0.0
        watching = threading.Thread(target=self._watch, args=(over,))
        watching.start()
        try:
            yield self
        finally:
            over.set()
            watching.join()

    def _watch(self, over: threading.Event) -> None:
        while not over.wait(_LOOK_EVERY):
            self.most = max(self.most, (_held() - self._before) / _SIZE)


def _held() -> int:
    return sum(map(_pss, _tree(os.getpid())))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in task.read_text().split():
                yield from _tree(int(child))
        except OSError:  # it has gone meanwhile
            continue


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def _ours(name: str, **slots: int) -> Row:
    import numpy as np

    from gator_nb import Gator, Worker

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tasks.sqlite"
        with Gator(f"sqlite:///{path}") as gator, Worker(gator, **slots):  # type: ignore[arg-type]
            gator.map(lambda _: np.zeros(1), range(20)).get(timeout=60)  # its processes are up
            before, memory = _on_disk(path), Memory()
            data = np.random.default_rng(0).random(_SIZE // 8)

            def work(number: int) -> float:
                return float(data[number::TASKS].sum())

            start = time.perf_counter()
            with memory.watched():
                group = gator.map(work, range(TASKS))
                pushed = time.perf_counter() - start
                group.get(timeout=300)
            everything = time.perf_counter() - start
            stored = _on_disk(path) - before
    return Row(name, stored / _SIZE, memory.most, pushed, everything)


def _plain(name: str) -> Row:
    """cloudpickle into a table, and two threads that take the calls out of it."""
    import cloudpickle
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tasks.sqlite"
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = wal")
        db.execute("CREATE TABLE task (number INTEGER PRIMARY KEY, call BLOB)")
        memory = Memory()
        data = np.random.default_rng(0).random(_SIZE // 8)

        def work(number: int) -> float:
            return float(data[number::TASKS].sum())

        start = time.perf_counter()
        with memory.watched():
            for number in range(PLAIN_TASKS):
                call = cloudpickle.dumps((work, number))
                db.execute("INSERT INTO task VALUES (?, ?)", (number, call))
                del call
            pushed = time.perf_counter() - start
            _two_threads(db)
        everything = time.perf_counter() - start
        stored = _on_disk(path)
        db.close()
    times = TASKS / PLAIN_TASKS
    return Row(name, stored / _SIZE * times, memory.most, pushed * times, everything * times)


def _two_threads(db: sqlite3.Connection) -> None:
    import pickle

    numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(PLAIN_TASKS):
        numbers.put(number)
    turn = threading.Lock()

    def serve() -> None:
        while not numbers.empty():
            with turn:
                found = db.execute("SELECT call FROM task WHERE number = ?", (numbers.get(),))
                call = found.fetchone()[0]
            work, number = pickle.loads(call)
            work(number)

    threads = [threading.Thread(target=serve) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _on_disk(path: Path) -> int:
    """Bytes of a store once its log is written back."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    return path.stat().st_size


_WAYS: dict[str, Callable[[str], Row]] = {
    "gator_nb, two threads of the kernel": lambda name: _ours(name, threads=2),
    "gator_nb, two processes": lambda name: _ours(name, processes=2),
    f"plain pickling, from {PLAIN_TASKS} of {TASKS} tasks": _plain,
}


if __name__ == "__main__":
    print(json.dumps(_WAYS[sys.argv[1]](sys.argv[1])))
