"""Dask: a scheduler in this process, one worker process with one thread."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from distributed import Client, Future, LocalCluster

from ..work import closure

_SILENT = logging.CRITICAL + 1
"""What it says of calls that nobody waits for any more."""


class Queue:
    drained = 1000

    def __init__(self, address: str) -> None:
        self._cluster = LocalCluster(
            n_workers=1,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=_SILENT,
        )
        self._client = Client(self._cluster)
        self._closure = closure()
        self._futures: list[Future] = []
        """Dask forgets a result that nobody holds."""

    def push(self, count: int) -> None:
        calls = (self._client.submit(self._closure, n, pure=False) for n in range(count))
        self._futures += calls

    def push_many(self, count: int) -> None:
        self._futures += self._client.map(self._closure, range(count), pure=False)

    def call(self) -> None:
        assert self._client.submit(self._closure, 1, pure=False).result(timeout=30) == 6

    def gather(self, count: int) -> list[int]:
        calls = self._client.map(self._closure, range(count), pure=False)
        found: list[int] = self._client.gather(calls)
        return found

    def finished(self) -> int:
        return sum(one.done() for one in self._futures)

    @contextmanager
    def worker(self) -> Iterator[int]:
        (pid,) = self._client.run(os.getpid).values()
        yield pid

    def close(self) -> None:
        self._client.cancel(self._futures, force=True)
        self._client.close()
        self._cluster.close()
