"""loky: a pool of one process."""

import os
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from loky import ProcessPoolExecutor

from ..work import closure


class Queue:
    drained = 2000

    def __init__(self, address: str) -> None:
        self._pool = ProcessPoolExecutor(1)
        self._closure = closure()
        self._futures: list[Future[int]] = []

    def push(self, count: int) -> None:
        self._futures += [self._pool.submit(self._closure, n) for n in range(count)]

    def call(self) -> None:
        assert self._pool.submit(self._closure, 1).result(timeout=30) == 6

    def gather(self, count: int) -> list[int]:
        return [*self._pool.map(self._closure, range(count))]

    def finished(self) -> int:
        return sum(one.done() for one in self._futures)

    @contextmanager
    def worker(self) -> Iterator[int]:
        yield self._pool.submit(os.getpid).result(timeout=30)

    def close(self) -> None:
        self._pool.shutdown(kill_workers=True)
