"""`task.future`, a real `concurrent.futures.Future`, and `await`."""

import asyncio
import queue
import threading
from concurrent import futures

import pytest

from gator_nb import CANCELED, Gator, errors

from ..facade.conftest import claimed_elsewhere
from ..waiting import until


def fail() -> None:
    raise ValueError("no")


def test_it_ends_with_the_value(busy: Gator) -> None:
    """The same future each time it is asked for."""
    task = busy.task(pow, 2, 10)
    assert task.future is task.future
    assert isinstance(task.future, futures.Future)
    assert task.future.result(20) == 1024


def test_it_ends_with_the_tasks_own_exception(busy: Gator) -> None:
    """As `get` would raise it."""
    assert isinstance(busy.task(fail).future.exception(20), ValueError)


def test_callbacks_are_called_with_the_future(busy: Gator) -> None:
    """Also one that is added when it is over."""
    seen: list[futures.Future] = []
    future = busy.options(delay_by=0.05).task(pow, 2, 10).future
    future.add_done_callback(seen.append)
    future.result(20)
    until(lambda: seen == [future])
    future.add_done_callback(seen.append)
    assert seen == [future, future]


def test_a_callback_may_wait_for_another_task(busy: Gator) -> None:
    """Callbacks have a thread of their own: nobody else's waiting stops."""
    seen: list[int] = []
    future = busy.task(pow, 2, 10).future
    future.add_done_callback(lambda _: seen.append(busy.task(pow, 2, 11).get(20)))
    until(lambda: seen == [2048])


def test_of_a_task_that_has_ended_it_has_ended(gator: Gator) -> None:
    """In a moment."""
    task = gator.task(pow, 2, 10)
    gator.pop()
    assert task.future.result(20) == 1024


def test_cancel_cancels_what_has_not_started(gator: Gator) -> None:
    """The task too, and those who wait for the future are told."""
    task = gator.task(pow, 2, 10)
    assert task.future.cancel()
    assert (task.status, task.future.cancelled(), task.future.cancel()) == (CANCELED, True, True)
    assert futures.wait([task.future], 5).done == {task.future}


def test_cancel_leaves_alone_what_runs(gator: Gator) -> None:
    """False, and nobody was asked to stop: that is `task.cancel()`."""
    task = gator.task(pow, 2, 10)
    claimed_elsewhere(gator, task)
    until(task.future.running)
    assert not task.future.cancel()
    assert not task.canceling
    assert not task.future.done()


def test_cancel_comes_too_late_for_what_has_ended(busy: Gator) -> None:
    """False, and the value stays."""
    future = busy.task(pow, 2, 10).future
    future.result(20)
    assert not future.cancel()
    assert future.result() == 1024


def test_a_task_that_is_canceled_cancels_its_future(gator: Gator) -> None:
    """By whomever."""
    task = gator.task(pow, 2, 10)
    future = task.future
    gator.cancel(task.task_id)
    with pytest.raises(futures.CancelledError):
        future.result(20)


def test_a_callback_may_ask_a_canceled_future_for_its_result(gator: Gator) -> None:
    """As with every future it is told at once; joblib does so."""
    told: queue.Queue[BaseException] = queue.Queue()

    def ask(future: futures.Future[int]) -> None:
        for read in (future.result, future.exception):
            try:
                read()
            except futures.CancelledError as error:
                told.put(error)

    task = gator.task(int)
    task.future.add_done_callback(ask)
    task.cancel()
    for _ in range(2):
        assert isinstance(told.get(timeout=10), futures.CancelledError)


def test_futures_of_a_store_that_is_closed_are_told(conn: str) -> None:
    """Nobody would end them any more."""
    with Gator(conn) as gator:
        future = gator.task(pow, 2, 10).future
    with pytest.raises(errors.StoreUnavailable, match="closed here"):
        future.result(20)


def test_a_task_that_is_removed_fails_its_future(gator: Gator) -> None:
    """Its end would never be seen."""
    future = gator.task(pow, 2, 10).future
    gator.backend.drop_all(gator.queue_name)
    with pytest.raises(errors.TaskNotFound):
        future.result(20)


def test_the_thread_that_tells_is_there_only_while_it_is_needed(busy: Gator) -> None:
    """After the last future it ends."""
    busy.task(pow, 2, 10).future.result(20)
    names = lambda: {thread.name for thread in threading.enumerate()}  # noqa: E731
    until(lambda: "gator_nb endings" not in names())


def test_futures_and_loops_understand_each_other(busy: Gator) -> None:
    """`asyncio.wrap_future`, `futures.wait` and `as_completed` take it as any other."""
    tasks = busy.map(pow, [2] * 5, range(5))
    done = futures.as_completed([task.future for task in tasks], timeout=20)
    assert sorted(future.result() for future in done) == [1, 2, 4, 8, 16]

    async def wrapped() -> int:
        return await asyncio.wrap_future(busy.task(pow, 2, 10).future)

    assert asyncio.run(wrapped()) == 1024


def test_await_is_get_without_blocking_the_loop(busy: Gator) -> None:
    """The loop goes on meanwhile; an error is raised where it is awaited."""

    async def main() -> tuple[int, int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        value = await busy.options(delay_by=0.1).task(pow, 2, 10)
        ticking.cancel()
        with pytest.raises(ValueError, match="no"):
            await busy.task(fail)
        return value, ticks

    value, ticks = asyncio.run(main())
    assert value == 1024
    assert ticks > 1


def test_to_cancel_an_await_stops_the_waiting_only(gator: Gator) -> None:
    """As with every wait; the task stays where it was."""
    task = gator.task(pow, 2, 10)

    async def main() -> None:
        await asyncio.wait_for(asyncio.ensure_future(waited()), 0.05)

    async def waited() -> int:
        return await task

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert not task.done()
    assert gator.pop().result == 1024


def test_await_a_group(busy: Gator) -> None:
    """All values in order of submission, or one ExceptionGroup."""

    async def main() -> list[int]:
        return await busy.map(pow, [2, 3], [10, 2])

    assert asyncio.run(main()) == [1024, 9]

    async def failing() -> None:
        await busy.map(divmod, [1, 1], [1, 0])

    with pytest.raises(ExceptionGroup, match="1 of 2 tasks have no value"):
        asyncio.run(failing())


def test_a_callback_that_exits_does_not_stop_the_others(
    busy: Gator, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told in the log."""
    busy.pause()  # a callback that comes after the end runs where it is added
    future = busy.task(pow, 2, 10).future
    future.add_done_callback(lambda _: exit())
    busy.resume()
    future.result(20)
    until(lambda: "a callback of a task's future raised" in caplog.text)
    assert busy.task(pow, 2, 11).future.result(20) == 2048
