"""`gator.executor()`: a `concurrent.futures.Executor` for code that takes one."""

import threading
import time
from concurrent import futures
from functools import partial

import pytest

from gator_nb import CANCELED, SUCCESS, WAITING, Gator, errors


def captured(*args: object, **kwargs: object) -> tuple:
    return args, kwargs


def test_submit_answers_a_future(busy: Gator) -> None:
    """Every keyword goes to the function, whatever it is called."""
    with busy.executor() as executor:
        assert isinstance(executor, futures.Executor)
        assert executor.submit(pow, 2, 10).result(20) == 1024
        future = executor.submit(captured, 1, self=2, func=3, fn=4)
        assert future.result(20) == ((1,), {"self": 2, "func": 3, "fn": 4})


def test_what_does_not_pickle_is_told_at_submit(gator: Gator) -> None:
    """Not by a future that fails later."""
    with gator.executor() as executor, pytest.raises(errors.NotPicklable):
        executor.submit(len, threading.Lock())


@pytest.mark.parametrize("chunksize", [1, 3, 100])
def test_map_gives_results_in_order(busy: Gator, chunksize: int) -> None:
    """Up to the shortest iterable, as every executor has it."""
    with busy.executor() as executor:
        found = executor.map(pow, range(10), range(12), chunksize=chunksize)
        assert list(found) == [n**n for n in range(10)]


def test_a_chunk_is_one_task_called_like_the_function(gator: Gator) -> None:
    """Four items by three make two tasks."""
    gator.executor().map(pow, range(4), range(4), chunksize=3)
    assert [task.label for task in gator] == ["pow", "pow"]


def test_map_pushes_at_once_and_reads_late(gator: Gator) -> None:
    """Nobody has to ask for the results to have them computed."""
    gator.executor().map(pow, [2, 3], [10, 2])
    assert len(gator) == 2


def test_an_error_is_raised_at_its_place_and_the_rest_is_not_wanted(gator: Gator) -> None:
    """What has not started is canceled."""
    results = gator.executor().map(divmod, [1, 1, 1, 1], [1, 0, 1, 1])
    tasks = list(gator)[::-1]
    gator.pop()
    with pytest.raises(ZeroDivisionError):
        gator.pop()
    assert next(results) == (1, 0)
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert [task.status for task in tasks[2:]] == [CANCELED, CANCELED]


def test_map_keeps_to_its_time(gator: Gator) -> None:
    """Counted from the call; then nothing of it is wanted any more."""
    results = gator.executor().map(pow, [2], [10], timeout=0.05)
    with pytest.raises(TimeoutError):
        next(results)
    assert gator.tasks()[0].status is CANCELED


def test_a_chunk_has_at_least_one_item(gator: Gator) -> None:
    """Said with the number."""
    with pytest.raises(ValueError, match="chunksize=0"):
        gator.executor().map(pow, [2], [10], chunksize=0)


def test_shutdown_waits_and_takes_no_more(busy: Gator) -> None:
    """As leaving the `with` does."""
    executor = busy.executor()
    pending = [executor.submit(time.sleep, 0.02) for _ in range(5)]
    executor.shutdown()
    assert all(future.done() for future in pending)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(pow, 2, 10)
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.map(pow, [2], [10])


def test_shutdown_may_cancel_what_has_not_started(gator: Gator) -> None:
    """And with `wait=False` it answers at once."""
    executor = gator.executor()
    future = executor.submit(pow, 2, 10)
    executor.shutdown(wait=False, cancel_futures=True)
    assert future.cancelled()


def test_without_it_the_tasks_stay_on_the_queue(gator: Gator) -> None:
    """They outlive the executor, and this process where the store does."""
    executor = gator.executor()
    executor.submit(pow, 2, 10)
    executor.shutdown(wait=False)
    assert [task.status for task in gator] == [WAITING]
    assert gator.pop().status is SUCCESS


def test_options_make_an_executor_of_their_own(busy: Gator) -> None:
    """All that is submitted has them."""
    with busy.options(name="batch", retries=2).executor() as executor:
        executor.submit(pow, 2, 10)
        executor.map(pow, [2], [10])
    assert [(task.name, task.retries) for task in busy] == [("batch", 2)] * 2
    with pytest.raises(TypeError, match="need the queue"):
        busy.options(is_async=False).executor()


def test_code_that_takes_an_executor_takes_it(busy: Gator) -> None:
    """asyncio's `run_in_executor`, for one."""
    import asyncio

    async def main() -> int:
        loop = asyncio.get_running_loop()
        with busy.executor() as executor:
            return await loop.run_in_executor(executor, partial(pow, 2, 10))

    assert asyncio.run(main()) == 1024
