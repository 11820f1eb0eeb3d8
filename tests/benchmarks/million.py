"""What a verb costs with a thousand and with a million tasks queued, and what a task takes up.

Both stores are there at once and are asked in turn, so that a machine whose speed drifts slows
both alike.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import apsw

from gator_nb.backends.base import Backend, Push
from gator_nb.backends.redis import RedisBackend
from gator_nb.backends.sqlite import SQLiteBackend
from gator_nb.definition import new_id
from gator_nb.record import Record, lane_of

from ..redis.servers import RunningServer, running

FEW = 1_000
MOST_TIMES = 1.5
MOST_BYTES = 1024
_TIMES = 400
_FILL = 1_000
_WORKER = "worker"
_LANE = lane_of("3.11", "a1b2c3d4")
_ENVELOPE = b"x" * 900
"""As long as that of a small closure."""


class Store(StrEnum):
    redis = "redis"
    sqlite = "sqlite"


class Row(NamedTuple):
    what: str
    few: float
    """Microseconds with `FEW` tasks queued."""
    many: float

    @property
    def ratio(self) -> float:
        return self.many / self.few


class Report(NamedTuple):
    rows: list[Row]
    bytes_a_task: float
    """Besides the envelope."""


Taken = Callable[[], int]
"""How many bytes a store takes up."""


def measure(store: Store, tasks: int, tell: Callable[[str], None]) -> Report:
    """Fill two stores and ask both."""
    opened = _on_redis if store is Store.redis else _on_sqlite
    with opened() as (few, many, taken):
        _fill(few, FEW, tell)
        before = taken()
        _fill(many, tasks, tell)
        bytes_a_task = (taken() - before) / tasks - len(_ENVELOPE)
        tell("asking")
        rows = [_compared(name, verb, few, many) for name, verb in _VERBS.items()]
    return Report(rows, bytes_a_task)


@contextmanager
def _on_redis() -> Iterator[tuple[Backend, Backend, Taken]]:
    with running() as server, ExitStack() as stack:
        few, many = (RedisBackend(server.dsn(store=name)) for name in ("few", "many"))
        stack.callback(few.close)
        stack.callback(many.close)
        yield few, many, lambda: _memory_of(server)


def _memory_of(server: RunningServer) -> int:
    with server.client() as client:
        used: int = client.info("memory")["used_memory"]
        return used


@contextmanager
def _on_sqlite() -> Iterator[tuple[Backend, Backend, Taken]]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = Path(folder)
        few, many = (SQLiteBackend(f"sqlite:///{path}/{name}") for name in ("few", "many"))
        stack.callback(few.close)
        stack.callback(many.close)
        yield few, many, lambda: _size_of(path / "many")


def _size_of(file: Path) -> int:
    """What is still in the journal included."""
    db = apsw.Connection(str(file))
    size: int = db.pragma("page_count") * db.pragma("page_size")
    db.close()
    return size


def _fill(backend: Backend, tasks: int, tell: Callable[[str], None]) -> None:
    """As many maps would."""
    for start in range(0, tasks, _FILL):
        tell(f"{start:,} of {tasks:,} tasks queued")
        group = new_id()
        backend.put([_push(group) for _ in range(min(_FILL, tasks - start))])


def _push(group: str | None = None) -> Push:
    task_id = new_id()
    record = Record(
        task_id,
        "all",
        lane=_LANE,
        origin=task_id,
        session="5f4baf13a17785d0",
        group=group,
        label="<lambda>",
        call_key=f"1:3.11:7f0a1d1ffb426d04:c2556f3dcf66a4f3:{task_id[:16]}",
    )
    return Push(record, _ENVELOPE)


# -- the verbs, each of which leaves as many tasks queued as there were ----------------------------


def _time_push(backend: Backend) -> float:
    taken = _timed(lambda: backend.put([_push()]))
    _claim(backend)
    return taken


def _time_claim(backend: Backend) -> float:
    taken = _timed(lambda: _claim(backend))
    backend.put([_push()])
    return taken


def _claim(backend: Backend) -> None:
    assert len(backend.claim(_WORKER, None, [_LANE], 1)) == 1


def _time_cancel(backend: Backend) -> float:
    (record,) = backend.put([_push()])
    return _timed(lambda: backend.cancel([record.id], by="me"))


_VERBS: dict[str, Callable[[Backend], float]] = {
    "push": _time_push,
    "claim": _time_claim,
    "cancel": _time_cancel,
}


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e6


def _compared(name: str, verb: Callable[[Backend], float], few: Backend, many: Backend) -> Row:
    pairs = [(verb(few), verb(many)) for _ in range(_TIMES)]
    of_few, of_many = zip(*pairs, strict=True)
    return Row(name, statistics.median(of_few), statistics.median(of_many))
