"""ipyparallel: a controller and one engine, over loopback."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import ipyparallel

from ..work import closure


class Queue:
    drained = 300

    def __init__(self, address: str) -> None:
        self._cluster = ipyparallel.Cluster(n=1, log_level=40)
        self._client = self._cluster.start_and_connect_sync(activate=False)
        self._view = self._client.load_balanced_view()
        self._engine = self._client[0]
        self._engine.use_cloudpickle()
        self._closure = closure()
        self._results: list[ipyparallel.AsyncResult] = []

    def push(self, count: int) -> None:
        self._results += [self._view.apply_async(self._closure, n) for n in range(count)]

    def push_many(self, count: int) -> None:
        self._results.append(self._view.map_async(self._closure, range(count)))

    def call(self) -> None:
        assert self._view.apply_sync(self._closure, 1) == 6

    def gather(self, count: int) -> list[int]:
        found: list[int] = self._view.map_sync(self._closure, range(count))
        return found

    def finished(self) -> int:
        return sum(one.ready() for one in self._results)

    @contextmanager
    def worker(self) -> Iterator[int]:
        yield self._engine.apply_sync(os.getpid)

    def close(self) -> None:
        self._client.close()
        self._cluster.stop_cluster_sync()
