"""Handles as arguments wherever the task runs: in threads, in processes, in somebody's executor."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gator_nb import Gator, Worker, current_task


@pytest.fixture(params=["threads", "processes", "executor"])
def busy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gator]:
    """A queue that one worker of that kind serves."""
    pool = ThreadPoolExecutor(1)
    where = {request.param: pool if request.param == "executor" else 1}
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as gator, pool, Worker(gator, **where):
        yield gator


def test_results_arrive_in_every_place(busy: Gator) -> None:
    """Alone, in lists and dicts, and those of a group."""
    eight = busy.task(pow, 2, 3)
    task = busy.task(lambda one, parts, group: (one, parts, sum(group)), eight, {"a": eight},
                     busy.map(pow, [1, 2], [2, 2]))  # fmt: skip
    assert task.get(30) == (8, {"a": 8}, 5)


def test_options_are_known_in_every_place(busy: Gator) -> None:
    """To the code of the task."""
    task = busy.options(tags=["a"], priority=3).task(
        lambda: (current_task().tags, current_task().priority)
    )
    assert task.get(30) == (("a",), 3)


def test_a_captured_handle_has_a_store_or_says_that_it_has_none(busy: Gator) -> None:
    """Never a wrong answer."""
    eight = busy.task(pow, 2, 3).wait(30)
    task = busy.task(lambda: eight.get()).wait(30)
    assert task.result == 8 or "no store is at hand" in task.error
