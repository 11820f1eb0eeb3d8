"""`wait` and `get`: the value, the user's own exception, and honest ends of waiting."""

import signal
import threading
import time

import pytest

from gator_nb import Gator, errors

from .conftest import claimed_elsewhere


class Missing(Exception):
    """An exception of the user's own."""

    def __init__(self, column: str, table: str) -> None:
        super().__init__(f"{column} in {table}")
        self.column = column


def fail() -> None:
    raise Missing("price", "sales")


def test_get_waits_for_the_value(busy: Gator) -> None:
    """However long it takes."""
    assert busy.options(delay_by=0.1).task(pow, 2, 10).get() == 1024


def test_get_raises_the_tasks_own_exception(busy: Gator) -> None:
    """Its kind, its text, its attributes; the task's traceback is the cause."""
    with pytest.raises(Missing, match="price in sales") as caught:
        busy.task(fail).get(20)
    assert caught.value.column == "price"
    assert "in fail" in str(caught.value.__cause__)


def test_each_get_raises_an_exception_of_its_own(busy: Gator) -> None:
    """Tracebacks do not pile up on a shared one."""
    task = busy.task(fail).wait(20)
    seen = []
    for _ in range(2):
        with pytest.raises(Missing) as caught:
            task.get()
        seen.append(caught.value)
    assert seen[0] is not seen[1]


def test_wait_answers_the_task_whatever_became_of_it(busy: Gator) -> None:
    """So that it can be chained; an error is only raised by `get`."""
    task = busy.task(fail)
    assert task.wait(20) is task
    assert task.error == "Missing: price in sales"


def test_the_time_may_be_over_first(gator: Gator) -> None:
    """The task goes on; a `WaitTimeout` is a `TimeoutError`."""
    task = gator.task(pow, 2, 10)
    for wait in (task.wait, task.get):
        with pytest.raises(TimeoutError, match=r"has not ended after 0\.01 s; it goes on"):
            wait("10ms")
    assert gator.pop().get(0) == 1024


def test_a_wait_that_is_over_says_when_nobody_will_run_it(gator: Gator) -> None:
    """With the mend: waiting longer would not help."""
    with pytest.raises(errors.WaitTimeout, match="but no worker can run 1 task") as caught:
        gator.task(pow, 2, 10).wait(0.01)
    assert "gator.start_worker() starts one here" in str(caught.value)
    with pytest.raises(errors.WaitTimeout, match="but no worker can run 2 tasks"):
        gator.map(abs, range(2)).wait(0.01)


def test_a_canceled_task_has_no_value(gator: Gator) -> None:
    """`TaskCanceled`, not None."""
    with pytest.raises(errors.TaskCanceled):
        gator.task(pow, 2, 10).cancel().get(5)


def test_waiting_for_an_unknown_task_is_refused(gator: Gator) -> None:
    """Its end would never come."""
    task = gator.task(pow, 2, 10)
    gator.backend.drop_all(gator.queue_name)
    time.sleep(0.06)
    with pytest.raises(errors.TaskNotFound):
        task.wait(5)


def test_interrupting_a_wait_stops_the_waiting_only(gator: Gator) -> None:
    """And the exception says so."""
    task = gator.task(pow, 2, 10)
    claimed_elsewhere(gator, task)
    main = threading.main_thread().ident
    timer = threading.Timer(0.2, signal.pthread_kill, (main, signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        task.wait(20)
    timer.join()
    (note,) = caught.value.__notes__
    assert note.startswith("only the waiting stopped: <Task pow")
    assert "cancel() stops it" in note
    assert not task.done()


def test_gator_wait_waits_for_what_was_pushed_here(busy: Gator) -> None:
    """The whole session, in order of submission."""
    tasks = [busy.task(pow, 2, n) for n in range(3)]
    assert [task.task_id for task in busy.wait(timeout=20)] == [task.task_id for task in tasks]
    assert all(task.done() for task in tasks)


def test_gator_wait_raises_what_has_failed(busy: Gator) -> None:
    """As the last cell of a run that nobody watches; what was canceled did not fail."""
    busy.options(delay_by="1d").task(pow, 2, 2).cancel()
    busy.task(pow, 2, 2)
    busy.task(fail)
    with pytest.raises(ExceptionGroup, match="1 of 3 tasks failed") as caught:
        busy.wait(timeout=20)
    assert isinstance(caught.value.exceptions[0], Missing)


def test_gator_wait_for_given_tasks_only_waits(busy: Gator) -> None:
    """One or several; what became of them, `get` tells."""
    task = busy.task(fail)
    assert [one.task_id for one in busy.wait(task, timeout=20)] == [task.task_id]
    assert len(busy.wait([task, busy.task(pow, 2, 2)], timeout=20)) == 2


def test_gator_wait_keeps_to_its_time(gator: Gator) -> None:
    """A task that nobody runs does not end."""
    gator.task(pow, 2, 2)
    with pytest.raises(errors.WaitTimeout, match="1 of 1 tasks have not ended; they go on"):
        gator.wait(timeout=0.01)


def test_as_completed_gives_each_once_as_it_ends(busy: Gator) -> None:
    """Also to somebody who takes their time over each."""
    tasks = busy.map(pow, [2] * 12, range(12))
    late = busy.options(delay_by=0.3).task(pow, 2, 99)
    seen = []
    for task in busy.as_completed([late, *tasks], timeout=20):
        seen.append(task.task_id)
        time.sleep(0.01)
    assert sorted(seen) == sorted(task.task_id for task in [late, *tasks])
    assert seen[-1] == late.task_id
