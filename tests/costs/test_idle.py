"""What a worker does that has nothing to do."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gator_nb import Gator
from gator_nb.backends.sqlite import connection

from ..redis.servers import running
from ..standing_still import times_asleep
from ..waiting import until
from .counting import commands_so_far, scripts_in

WATCHED = 0.4
"""Seconds of one look."""
WAKES, STATEMENTS, WRITES, REQUESTS = 60, 90, 6, 12
"""The most in a second: twice what it was. A loop that does not rest does thousands."""


def wakes() -> int:
    """How often threads of gator_nb in this process went to sleep by themselves so far."""
    ours = [one.native_id for one in threading.enumerate() if one.name.startswith("gator_nb")]
    return sum(times_asleep(Path(f"/proc/self/task/{thread}/status")) for thread in ours)


@contextmanager
def idle(dsn: str) -> Iterator[None]:
    """A worker and a watcher that have had something to do."""
    with Gator(dsn) as gator:
        gator.start_worker(threads=1)
        assert gator.task(abs, -1).get(60) == 1
        yield


def comes_to_rest(counts: Callable[[], dict[str, int]], most: dict[str, int]) -> None:
    """Sooner or later none of them grows faster in a second than `most` says."""

    def rests() -> bool:
        before, start = counts(), time.monotonic()
        time.sleep(WATCHED)
        after, taken = counts(), time.monotonic() - start
        return all(after[name] - before[name] <= most[name] * taken for name in most)

    until(rests, 60)


@pytest.mark.slow
def test_in_memory() -> None:
    """It sleeps until it is woken, and looks about now and then."""
    with idle("memory://"):
        comes_to_rest(lambda: {"wakes": wakes()}, {"wakes": WAKES})


@pytest.mark.slow
def test_on_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks whether another process has written, each `nap_time`, and hardly ever writes."""
    seen: list[str] = []
    connect = connection.connect

    def traced(address: Any) -> Any:
        db, locks = connect(address)
        db.exec_trace = lambda _cursor, text, _values: seen.append(text) or True
        return db, locks

    def counts() -> dict[str, int]:
        writes = seen.count("BEGIN IMMEDIATE")
        return {"wakes": wakes(), "statements": len(seen), "writes": writes}

    monkeypatch.setattr(connection, "connect", traced)
    with idle(f"sqlite:///{tmp_path}/tasks.sqlite"):
        most = {"wakes": WAKES, "statements": STATEMENTS, "writes": WRITES}
        comes_to_rest(counts, most)


@pytest.mark.slow
def test_on_a_server() -> None:
    """It is told of news, and asks a few times a second."""
    with running() as server, idle(server.dsn()), server.client() as client:

        def counts() -> dict[str, int]:
            return {"wakes": wakes(), "requests": scripts_in(commands_so_far(client))}

        comes_to_rest(counts, {"wakes": WAKES, "requests": REQUESTS})
