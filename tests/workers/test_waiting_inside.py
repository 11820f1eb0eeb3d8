"""A task that waits for another one gives its slot back meanwhile."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gator_nb import Gator, Status, Worker
from tests.waiting import until


@pytest.fixture(params=["threads", "processes"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gator]:
    """A queue with a single slot, in either place of execution."""
    address = f"sqlite:///{tmp_path}/tasks.sqlite"
    with Gator(address) as gator, Worker(gator, **{request.param: 1}):
        yield gator


def test_one_slot_is_enough_for_a_chain_of_waits(queue: Gator) -> None:
    def total(n: int) -> int:
        return n + queue.task(total, n - 1).get(60) if n else 0

    assert queue.task(total, 4).get(60) == 10


def test_a_task_can_wait_for_a_map(queue: Gator) -> None:
    def squares() -> int:
        return sum(queue.map(pow, range(5), [2] * 5).get())

    assert queue.task(squares).get(60) == 30


def by_future(queue: Gator) -> int:
    return queue.task(pow, 2, 5).future.result(60)


def by_executor(queue: Gator) -> int:
    with queue.executor() as pool:
        return pool.submit(pow, 2, 5).result(60)


async def by_await(queue: Gator) -> int:
    return await queue.task(pow, 2, 5)


async def by_awaiting_a_map(queue: Gator) -> int:
    return sum(await queue.map(pow, [2, 2], [3, 4])) + 8


def by_its_log(queue: Gator) -> int:
    return int("".join(queue.task(print, 32).logs(follow=True)))


@pytest.mark.parametrize(
    "wait",
    [
        by_future,
        pytest.param(by_executor, marks=pytest.mark.slow),
        by_await,
        pytest.param(by_awaiting_a_map, marks=pytest.mark.slow),
        pytest.param(by_its_log, marks=pytest.mark.slow),
    ],
)
def test_however_it_waits(queue: Gator, wait: Callable[[Gator], object]) -> None:
    assert queue.task(wait, queue).get(60) == 32


def test_a_task_that_waits_can_be_canceled(queue: Gator) -> None:
    def wait() -> None:
        queue.options(delay_by="1h").task(int).get()

    task = queue.task(wait)
    until(lambda: len(queue.tasks()) == 2)
    task.cancel().wait(60)
    assert task.status is Status.CANCELED


def test_what_it_pushes_belongs_to_the_notebook_that_pushed_it(queue: Gator) -> None:
    def push() -> str:
        return queue.task(os.getpid).task_id

    task = queue.task(push)
    inner = queue[task.get(60)]
    assert inner.handle.record.session == task.handle.record.session
    assert inner.get(60) > 0


@pytest.mark.slow
def test_a_cancel_never_leaves_the_store_locked(queue: Gator) -> None:
    """Wherever in our own code it comes: what uses the queue all the time is stopped between two
    uses, and the queue goes on."""

    def busy() -> None:
        while True:
            task = queue.options(delay_by="1h", task_id="the only one").task(int)
            assert task.handle.read_anew()

    def waiting() -> None:
        queue.options(delay_by="1h", task_id="the only one").task(int).get()

    for number in range(12):
        task = queue.options(priority=50).task(busy if number % 2 else waiting)
        until(lambda task=task: task.status is Status.RUNNING, 30)
        time.sleep(0.01 * number)
        assert task.cancel().wait(30).status is Status.CANCELED
    assert queue.options(priority=60).task(pow, 2, 5).get(60) == 32
