"""`limit=("api", 2)`: so many at once in the whole store, whoever works."""

import time

import pytest

from gator_nb import Gator, Group, Status, Worker
from gator_nb.record import limit_of

SPAN = 0.05


def overlap(group: Group) -> int:
    """How many of these tasks ran at the same time, at most."""
    spans = [task.get() for task in group]
    return max(sum(begun <= at < ended for begun, ended in spans) for at, _ in spans)


def test_no_more_run_at_once_than_the_limit_says(gator: Gator) -> None:
    def ask() -> tuple[float, float]:
        begun = time.monotonic()
        time.sleep(SPAN)
        return begun, time.monotonic()

    with Worker(gator, threads=4), Worker(gator, threads=4):
        group = Group(gator.client, [gator.options(limit=("api", 2)).task(ask) for _ in range(12)])
        assert overlap(group) == 2


@pytest.mark.parametrize("wrong", ["api", ("api",), ("api", 0), ("", 2), ("api", 1.5), (2, "api")])
def test_a_limit_is_a_name_and_a_number(gator: Gator, wrong: object) -> None:
    with pytest.raises((TypeError, ValueError), match="limit="):
        gator.options(limit=wrong)


def test_a_handle_tells_its_limit(gator: Gator) -> None:
    """And a retry has it too."""
    task = gator.options(limit=("api", 2)).task(pow, 2, 10)
    assert task.limit == ("api", 2)
    gator.pop()
    assert limit_of(task.retry().handle.record.limit or "") == ("api", 2)
    assert task.retry(limit=("api", 5)).limit == ("api", 5)
    assert task.retry(limit=None).limit is None


def test_a_paused_queue_begins_nothing_until_it_goes_on(gator: Gator) -> None:
    """What is pushed meanwhile waits too; `get` runs a task all the same."""
    gator.pause()
    with Worker(gator, threads=1):
        task, wanted = gator.task(pow, 2, 10), gator.task(pow, 2, 3)
        assert gator.get(wanted.task_id).result == 8
        assert task.status is Status.WAITING
        gator.resume()
        assert task.get(timeout=30) == 1024
