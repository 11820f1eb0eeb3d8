"""In the kernel: the memory store beside a thread pool with cloudpickle both ways."""

import pickle
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cloudpickle

from gator_nb import Gator

from .measure import Case, Target, median_time

_TASKS = 2000
_CALLS = 300

_MANY = "memory: a task among many"
_ONE = "memory: push to result, p50"

TARGETS = [Target(_MANY, "bare", 1 / 2)]


def cases() -> list[Case]:
    return [
        Case(_MANY, "bare", "µs", _bare_many),
        Case(_MANY, "gator_nb", "µs", _gator_many),
        Case(_ONE, "bare", "µs", _bare_one),
        Case(_ONE, "gator_nb", "µs", _gator_one),
    ]


_CELL = """
def closure():
    offset = 5
    return lambda x: x + offset
"""


def closure() -> object:
    """A small closure, as a cell of a notebook defines one."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(_CELL, space)
    return space["closure"]()


def _through_pickle(data: bytes) -> bytes:
    func, args = pickle.loads(data)
    return pickle.dumps(func(*args))


def _bare_many() -> float:
    function = closure()
    with ThreadPoolExecutor(1) as pool:
        start = time.perf_counter()
        futures = [
            pool.submit(_through_pickle, cloudpickle.dumps((function, (number,))))
            for number in range(_TASKS)
        ]
        values = [pickle.loads(future.result()) for future in futures]
        taken = time.perf_counter() - start
    assert values[-1] == _TASKS + 4
    return taken / _TASKS * 1e6


def _gator_many() -> float:
    function = closure()
    with Gator("memory://") as gator:
        gator.start_worker(threads=1)
        start = time.perf_counter()
        values = gator.map(function, range(_TASKS)).get()
        taken = time.perf_counter() - start
    assert values[-1] == _TASKS + 4
    return taken / _TASKS * 1e6


def _bare_one() -> float:
    function = closure()
    with ThreadPoolExecutor(1) as pool:

        def call() -> None:
            future = pool.submit(_through_pickle, cloudpickle.dumps((function, (1,))))
            assert pickle.loads(future.result()) == 6

        return median_time(_CALLS, call, 1e6)


def _gator_one() -> float:
    function = closure()
    with Gator("memory://") as gator:
        gator.start_worker(threads=1)

        def call() -> None:
            assert gator.task(function, 1).get() == 6

        return median_time(_CALLS, call, 1e6)
