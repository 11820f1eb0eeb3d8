"""One SQLite file: drain, push, and push to result across two processes, beside huey and apsw."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
from huey import SqliteHuey

from gator_nb import Gator, Worker

from .measure import Case, Target, median_time, per_second
from .memory import closure

_TASKS = 2000
_PUSHES = 1000
_CALLS = 200
_BATCH = 100

_DRAIN = "sqlite: drain"
_PUSH = "sqlite: push one by one"
_CALL = "sqlite: push to result, two processes, p50"

TARGETS = [Target(_DRAIN, "huey", 4)]


def cases() -> list[Case]:
    return [
        Case(_DRAIN, "bare", "/s", _bare_drain),
        Case(_DRAIN, "huey", "/s", _huey_drain),
        Case(_DRAIN, "gator_nb", "/s", _gator_drain),
        Case(_PUSH, "huey", "/s", _huey_push),
        Case(_PUSH, "gator_nb", "/s", _gator_push),
        Case("sqlite: push as map", "gator_nb", "/s", _gator_map),
        Case(_CALL, "huey", "ms", _huey_round_trip),
        Case(_CALL, "gator_nb", "ms", _gator_round_trip),
    ]


@contextmanager
def _file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "store.sqlite"


@contextmanager
def _serving(who: str, path: Path) -> Iterator[None]:
    """A worker of `who` in a process of its own; it ends when its standard input does."""
    command = [sys.executable, "-m", "tests.benchmarks.serve", who, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            server.communicate()


# -- bare ----------------------------------------------------------------------------------------


def _bare_drain() -> float:
    """Claim and settle in batches on a table with one partial index and nothing else."""
    with _file() as path:
        db = apsw.Connection(str(path))
        db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL")
        db.execute("CREATE TABLE task(seq INTEGER PRIMARY KEY, status INT, data BLOB, result BLOB)")
        db.execute("CREATE INDEX ready ON task(seq) WHERE status = 0")
        with db:
            db.executemany("INSERT INTO task(status, data) VALUES (0, ?)", [(b"x" * 600,)] * _TASKS)

        def drain() -> None:
            for _ in range(_TASKS // _BATCH):
                with db:
                    rows = db.execute(
                        "UPDATE task SET status = 6 WHERE seq IN "
                        "(SELECT seq FROM task WHERE status = 0 ORDER BY seq LIMIT ?) "
                        "RETURNING seq, data",
                        (_BATCH,),
                    ).fetchall()
                with db:
                    db.executemany(
                        "UPDATE task SET status = 1, result = ? WHERE seq = ?",
                        [(b"y" * 100, seq) for seq, _ in rows],
                    )

        figure = per_second(_TASKS, drain)
        db.close()
    return figure


# -- gator_nb ------------------------------------------------------------------------------------


def _with_gator(work: Callable[[Gator], float]) -> float:
    with _file() as path, Gator(f"sqlite:///{path}") as gator:
        return work(gator)


def _gator_drain() -> float:
    def drain(gator: Gator) -> float:
        gator.map(closure(), range(_TASKS))
        worker = Worker(gator, max_tasks=_TASKS, threads=1, log_level=50)
        figure = per_second(_TASKS, worker.run_forever)
        assert not gator.len()
        return figure

    return _with_gator(drain)


def _gator_push() -> float:
    def push(gator: Gator) -> float:
        function = closure()
        return per_second(_PUSHES, lambda: [gator.task(function, n) for n in range(_PUSHES)])

    return _with_gator(push)


def _gator_map() -> float:
    def push(gator: Gator) -> float:
        function = closure()
        return per_second(_TASKS, lambda: gator.map(function, range(_TASKS)))

    return _with_gator(push)


def _gator_round_trip() -> float:
    with _file() as path, Gator(f"sqlite:///{path}") as gator, _serving("gator_nb", path):
        function = closure()

        def call() -> None:
            assert gator.task(function, 1).get(timeout=30) == 6

        return median_time(_CALLS, call, 1e3)


# -- huey ----------------------------------------------------------------------------------------


def make_huey(path: Path) -> tuple[SqliteHuey, Callable[[int], object]]:
    """A huey on a file, with the same work as a registered function: it takes no closures."""
    huey = SqliteHuey(filename=str(path))

    def add(x: int) -> int:
        return x + 5

    return huey, huey.task(name="add")(add)


def _huey_drain() -> float:
    with _file() as path:
        huey, add = make_huey(path)
        for number in range(_TASKS):
            add(number)
        consumer = huey.create_consumer(workers=1, periodic=False, initial_delay=0.001)

        def drain() -> None:
            consumer.start()
            while huey.storage.result_store_size() < _TASKS:
                time.sleep(0.001)

        figure = per_second(_TASKS, drain)
        consumer.stop(graceful=True)
        huey.storage.close()
    return figure


def _huey_push() -> float:
    with _file() as path:
        huey, add = make_huey(path)
        figure = per_second(_PUSHES, lambda: [add(number) for number in range(_PUSHES)])
        huey.storage.close()
    return figure


def _huey_round_trip() -> float:
    with _file() as path:
        huey, add = make_huey(path)
        with _serving("huey", path):

            def call() -> None:
                result = add(1)
                assert result.get(blocking=True, timeout=30, backoff=1, max_delay=0.001) == 6

            figure = median_time(_CALLS, call, 1e3)
        huey.storage.close()
    return figure


def serve_huey(path: Path, wait: Callable[[], None]) -> None:
    """Run huey's consumer while `wait` lasts, polling as fast as it can: each millisecond."""
    huey, _ = make_huey(path)
    consumer = huey.create_consumer(
        workers=1, periodic=False, initial_delay=0.001, max_delay=0.001, backoff=1
    )
    consumer.start()
    wait()
    consumer.stop(graceful=True)
