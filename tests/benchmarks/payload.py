"""A 100 MB array that 100 tasks capture: what is stored, how much memory that takes, and how long,
beside plain pickling. Each way is measured in a process of its own."""

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import apsw

from .measure import BARE, OURS, Case, Limit, Plan, Unit

MB = 100
TASKS = 100
PLAIN_TASKS = 5
"""Plain pickling stores the array with each task: the rest is reckoned from these."""
MOST_TIMES = 3.0
"""The target for the memory, in arrays."""
_SIZE = MB * 1_000_000
_LOOK_EVERY = 0.01


_WHAT = f"payload: {MB} MB that {TASKS} tasks capture"
_STORED, _HELD, _PUSHED, _ALL = (
    f"{_WHAT}, {what}" for what in ("stored", "memory", "push", "push to all results")
)

TARGETS = [Limit(_STORED, 1.1, worst=True), Limit(_HELD, MOST_TIMES, worst=True)]


@contextmanager
def cases(plan: Plan) -> Iterator[list[Case]]:
    """Each way in a process of its own; stored and held are in arrays of that size."""
    tells: dict[str, Unit] = {_STORED: "arrays", _HELD: "arrays", _PUSHED: "s", _ALL: "s"}
    yield [Case(who, tells, partial(_apart, who, plan.count(_SIZE)), cold=True) for who in _WAYS]


def _apart(who: str, size: int) -> list[float]:
    command = [sys.executable, "-m", __spec__.name, who, str(size)]
    told = subprocess.run(command, check=True, capture_output=True, timeout=600).stdout
    figures: list[float] = json.loads(told)
    return figures


# -- one way, in its process -----------------------------------------------------------------------


class Memory:
    """The most that this process and those below it hold while it is watched, in arrays: what
    several of them share counts once (`Pss`, proc(5))."""

    def __init__(self, size: int) -> None:
        self._before, self._size = _held(), size
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
            self.most = max(self.most, (_held() - self._before) / self._size)


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


def _ours(size: int, **slots: int) -> tuple[float, ...]:
    import numpy as np

    from gator_nb import Gator, Worker

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tasks.sqlite"
        with Gator(f"sqlite:///{path}") as gator, Worker(gator, **slots):  # type: ignore[arg-type]
            gator.map(lambda _: np.zeros(1), range(20)).get(timeout=60)  # its processes are up
            before, memory = _on_disk(path), Memory(size)
            data = np.random.default_rng(0).random(size // 8)

            def work(number: int) -> float:
                return float(data[number::TASKS].sum())

            start = time.perf_counter()
            with memory.watched():
                group = gator.map(work, range(TASKS))
                pushed = time.perf_counter() - start
                group.get(timeout=300)
            everything = time.perf_counter() - start
            stored = _on_disk(path) - before
    return stored / size, memory.most, pushed, everything


def _plain(size: int) -> tuple[float, ...]:
    """cloudpickle into a table, and two threads that take the calls out of it."""
    import cloudpickle
    import numpy as np

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tasks.sqlite"
        db = apsw.Connection(str(path))
        db.execute("PRAGMA journal_mode = wal; PRAGMA synchronous = normal")
        db.execute("CREATE TABLE task (number INTEGER PRIMARY KEY, call BLOB)")
        memory = Memory(size)
        data = np.random.default_rng(0).random(size // 8)

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
    return stored / size * times, memory.most, pushed * times, everything * times


def _two_threads(db: apsw.Connection) -> None:
    import pickle

    numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(PLAIN_TASKS):
        numbers.put(number)
    turn = threading.Lock()

    def serve() -> None:
        with suppress(queue.Empty):
            while True:
                number = numbers.get_nowait()
                with turn:
                    found = db.execute("SELECT call FROM task WHERE number = ?", (number,))
                    call = found.fetchone()[0]
                work, argument = pickle.loads(call)
                work(argument)

    threads = [threading.Thread(target=serve) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _on_disk(path: Path) -> int:
    """Bytes of a store, what is still in its log included. By the same SQLite that has it open:
    another one in this process would undo its locks as it closes the file."""
    with closing(apsw.Connection(str(path))) as db:
        size: int = db.pragma("page_count") * db.pragma("page_size")
    return size


_WAYS: dict[str, Callable[[int], tuple[float, ...]]] = {
    OURS: lambda size: _ours(size, threads=2),
    f"{OURS}, two processes": lambda size: _ours(size, processes=2),
    BARE: _plain,
}
"""Two threads of the kernel, two processes, and plain pickling."""


if __name__ == "__main__":
    print(json.dumps(_WAYS[sys.argv[1]](int(sys.argv[2]))))
