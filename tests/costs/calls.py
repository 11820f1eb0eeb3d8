"""`python -m tests.costs.calls DSN ...` prints how many Python functions each verb calls on each of
these stores, as JSON.

In an interpreter of its own: what other tests have loaded makes a snapshot look at more.
"""

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from gator_nb import Gator


def cell(number: int) -> int:
    """What is pushed: by value, as from a notebook."""
    return number + 5


def calls_of(work: Callable[[], object]) -> int:
    """Of `work`, on this thread."""
    number = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal number
        number += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return number


def least(work: Callable[[], object], times: int = 5) -> int:
    """Of several goes the one with the fewest: now and then one has something to tidy as well."""
    return min(calls_of(work) for _ in range(times))


def counted(gator: Gator) -> dict[str, float]:
    """Of each verb, once all is loaded."""
    gator.task(cell, 1)
    gator.pop()
    found: dict[str, float] = {"push": least(lambda: gator.task(cell, 1))}
    found["pop"] = least(gator.pop)
    few, many = (least(lambda count=count: gator.map(cell, range(count)), 3) for count in (50, 150))
    found["map"] = (many - few) / 100
    gator.backend.drop_all(gator.queue_name)
    group = gator.map(cell, range(50))
    while len(gator):
        gator.pop()
    found["get"], found["get again"] = calls_of(group[0].get), calls_of(group[0].get)
    found["group"] = calls_of(group[1:].get) / len(group[1:])
    return found


if __name__ == "__main__":
    told = []
    for dsn in sys.argv[1:]:
        with Gator(dsn) as gator:
            told.append(counted(gator))
    print(json.dumps(told))
