"""Cancel, and how truthfully it is told."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gator_nb import CANCELED, RUNNING, SUCCESS, Gator, Worker, progress
from gator_nb.attempts.attempt import attempt
from gator_nb.attempts.running import Try
from gator_nb.attempts.runtime import Interrupted
from gator_nb.attempts.striking import strike
from gator_nb.errors import TaskCanceled, TaskTimeout
from gator_nb.record import Record

from ..waiting import until
from .conftest import Ledger

TRACED = """
import sys, time
from gator_nb import Gator

def spin(begun):
    open(begun, "w").close()
    while True:
        pass

def traced():
    sys._getframe().f_trace = None
    return "traced"

with Gator("memory://") as gator:
    gator.start_worker(threads=1)
    task = gator.task(spin, "begun")
    while not __import__("os").path.exists("begun"):
        time.sleep(0.01)
    task.cancel().wait(60)
    sys.settrace(lambda *_: None)
    print(task.status, traced())
"""


@pytest.fixture
def worker(gator: Gator):
    with Worker(gator, threads=1) as started:
        yield started


def begun(task) -> bool:
    return task.status == RUNNING


def test_what_is_queued_is_canceled_at_once(gator: Gator) -> None:
    """No worker is needed for it."""
    task = gator.task(abs, -1)
    assert task.cancel().status == CANCELED
    with pytest.raises(TaskCanceled):
        task.get()


def test_a_loop_of_python_stops_between_two_bytecodes(gator: Gator, worker: Worker) -> None:
    """Nothing in the loop knows of gator_nb, and still it stops."""

    def endless():
        n = 0
        while True:
            n += 1

    task = gator.task(endless)
    until(lambda: begun(task))
    task.cancel()
    assert task.wait(timeout=10).status == CANCELED
    assert gator.task(abs, -1).get(timeout=10) == 1


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.03, 0.06])
def test_a_cancel_is_heard_however_soon_it_comes_after_the_start(
    gator: Gator, worker: Worker, delay: float
) -> None:
    """Also in the first moments of a task, before anything was told of it."""

    def endless():
        while True:
            pass

    task = gator.task(endless)
    until(lambda: gator.backend.get([task.task_id])[0].status == RUNNING)
    time.sleep(delay)
    task.cancel()
    assert task.wait(timeout=20).status == CANCELED


def test_progress_is_a_place_to_stop(gator: Gator, worker: Worker) -> None:
    """Code that tells its progress stops there, with the cause, and may clean up."""
    seen = gator.task(list)  # a handle only, so that the store is warm
    seen.wait(timeout=10)

    def work():
        try:
            for n in range(10**9):
                progress(n)
        except BaseException as stop:
            print(f"cleaning up after {type(stop).__name__}")
            raise

    task = gator.task(work)
    until(lambda: task.progress is not None)
    assert task.cancel().wait(timeout=10).status == CANCELED
    assert "cleaning up after Interrupted" in task.logs()
    assert task.progress is not None


@pytest.mark.slow
def test_a_task_in_c_code_is_canceling_until_it_has_stopped(gator: Gator, worker: Worker) -> None:
    """`time.sleep` runs on: the status says so, and becomes CANCELED only afterwards."""
    started = time.monotonic()
    task = gator.task(time.sleep, 3.0)
    until(lambda: begun(task))
    task.cancel()
    steps = set()
    while time.monotonic() - started < 2.5:
        (record,) = gator.backend.get([task.task_id])
        assert record.status == RUNNING
        steps.add(record.cancel_step)
        time.sleep(0.02)
    assert task.canceling
    assert "canceling" in repr(task)
    assert steps - {None} == {"interrupted", "in C code"}
    assert task.wait(timeout=10).status == CANCELED
    assert time.monotonic() - started >= 3.0


@pytest.mark.slow
def test_what_cleans_up_in_python_is_not_said_to_be_in_c_code(gator: Gator, worker: Worker) -> None:
    """Between the interruption and the end, Python code that still runs is told as such."""

    def stubborn():
        import time

        try:
            while True:
                pass
        except BaseException:
            end = time.monotonic() + 2.5
            while time.monotonic() < end:
                pass
            raise

    task = gator.task(stubborn)
    until(lambda: begun(task))
    task.cancel()
    steps = []
    while not task.done():
        steps.append(gator.backend.get([task.task_id])[0].cancel_step)
        time.sleep(0.02)
    assert task.status == CANCELED
    assert set(steps) <= {None, "interrupted", "stopping"}
    assert "stopping" in steps


def test_a_result_that_wins_against_the_cancel_stays(gator: Gator, worker: Worker) -> None:
    """The task had its result before the interruption could land."""

    def swallow():
        try:
            progress(1)
            while True:
                pass
        except BaseException:
            return "a result all the same"

    task = gator.task(swallow)
    until(lambda: task.progress)
    task.cancel().wait(timeout=10)
    assert (task.status, task.result) == (SUCCESS, "a result all the same")
    assert gator.task(abs, -1).get(timeout=10) == 1


def test_a_canceled_retry_does_not_come(gator: Gator, worker: Worker) -> None:
    """An error raised while a cancel is asked for is an end, whatever retries are left."""

    def fail_when_stopped():
        try:
            progress(1)
            while True:
                pass
        except BaseException:
            raise ValueError("in the way of stopping") from None

    task = gator.options(retries=5).task(fail_when_stopped)
    until(lambda: task.progress)
    task.cancel().wait(timeout=10)
    assert (task.status, task.attempts) == (CANCELED, 1)


def test_an_interrupted_thread_is_retired(gator: Gator, worker: Worker) -> None:
    """What was set in it may still be on its way: nothing else runs there."""

    def where():
        import threading

        return threading.get_ident(), id(threading.current_thread())

    def endless():
        while True:
            pass

    before = gator.task(where).get(timeout=10)
    threads = set(threading.enumerate())
    endless_task = gator.task(endless)
    until(lambda: begun(endless_task))
    endless_task.cancel().wait(timeout=10)
    gator.task(where).get(timeout=10)
    old = {thread for thread in threads if thread.name == "gator_nb task"}
    assert old
    until(lambda: not any(thread.is_alive() for thread in old))
    assert before


def test_an_interruption_never_hits_another_task(gator: Gator, ledger: Ledger) -> None:
    """Hundreds of short tasks with cancels in flight: only canceled ones see `Interrupted`."""
    path = ledger.path

    def short(number: int) -> int:
        from gator_nb.attempts.runtime import Interrupted

        try:
            total = 0
            for n in range(20_000):
                total += n
        except Interrupted:
            with path.open("a") as file:
                file.write(f"{number}\n")
            raise
        return number

    with Worker(gator, threads=3):
        group = gator.map(short, range(400))
        doomed = {number for number in range(400) if number % 3 == 0}
        for number in sorted(doomed):
            group[number].cancel()
        group.wait(timeout=100)
    struck = {int(line) for line in ledger.lines()}
    assert struck <= doomed
    for number, task in enumerate(group):
        assert task.status == SUCCESS or number in doomed
        assert task.status != SUCCESS or task.result == number


def test_cancels_aimed_at_running_tasks_strike_only_them(gator: Gator, ledger: Ledger) -> None:
    """Each task is canceled at the moment it runs, so that many interruptions are in flight."""
    path = ledger.path

    def short(number: int) -> int:
        from gator_nb.attempts.runtime import Interrupted

        try:
            for n in range(60):
                progress(n, number=number)
                sum(range(3_000))
        except Interrupted:
            with path.open("a") as file:
                file.write(f"{number}\n")
            raise
        return number

    def canceled_while_running(group, doomed) -> None:
        open_ones = dict(enumerate(group))
        while open_ones:
            ids = [task.task_id for task in open_ones.values()]
            for (number, task), record in zip(
                list(open_ones.items()), gator.backend.get(ids), strict=True
            ):
                if record.done:
                    del open_ones[number]
                elif record.status == RUNNING and number in doomed:
                    task.cancel()

    with Worker(gator, threads=3):
        doomed = set(range(0, 200, 2))
        group = gator.map(short, range(200))
        canceled_while_running(group, doomed)
    assert {int(line) for line in ledger.lines()} <= doomed
    assert {n for n, task in enumerate(group) if task.status == CANCELED} <= doomed
    assert all(task.done() for task in group)


def test_what_is_canceled_before_its_code_begins_does_not_begin() -> None:
    """Not even for the moment until it would be struck."""
    begun = []
    one = Try(Record("a", "all", claim="c"), None)
    one.interrupt("cancel")
    ended = attempt(one, lambda: begun.append("the call is loaded"))
    assert (ended.status, begun) == (CANCELED, [])


def test_an_interruption_amid_its_leaving_strikes_nothing_else() -> None:
    """The code has ended and its thread is about to say so: what comes next is ours, and what is on
    its way may not land there."""
    one = Try(Record("a", "all", claim="c"), None)
    one.enter()

    class StruckWithinIt:
        """The lock, taken just when somebody else has struck."""

        def __enter__(self) -> None:
            if not one.struck:
                one._struck = True
                strike(threading.get_ident(), Interrupted)

        def __exit__(self, *_: object) -> None:
            pass

    one._lock = StruckWithinIt()
    one.leave()
    assert one.struck
    assert not one.is_here()


def test_interrupted_is_no_exception_that_a_plain_except_would_catch() -> None:
    """`except Exception` in user code lets it pass."""
    assert not issubclass(Interrupted, Exception)


def test_a_coroutine_stops_while_it_awaits(gator: Gator, tmp_path: Path) -> None:
    """As asyncio cancels a task, so that it can clean up; in a thread, too."""

    async def work() -> None:
        import asyncio

        (tmp_path / "begun").touch()
        try:
            await asyncio.sleep(600)
        finally:
            await asyncio.sleep(0.01)
            (tmp_path / "tidied").touch()

    with Worker(gator, threads=1):
        task = gator.task(work)
        until((tmp_path / "begun").exists)
        assert task.cancel().wait(30).status is CANCELED
        assert (tmp_path / "tidied").exists()
        assert gator.task(abs, -1).get(30) == 1


def test_a_coroutine_that_never_awaits_stops_as_any_other_code(gator: Gator) -> None:
    """Nothing of asyncio's reaches it."""

    async def work() -> None:
        progress(1)
        while True:
            pass

    with Worker(gator, threads=1):
        task = gator.task(work)
        until(lambda: task.progress is not None)
        assert task.cancel().wait(30).status is CANCELED


class Slow:
    """An argument that does not arrive."""

    def __reduce__(self) -> tuple[object, ...]:
        return endless_arrival, ()


def endless_arrival() -> None:
    while True:
        pass


def test_a_call_that_never_loads_in_time_says_so(gator: Gator, worker: Worker) -> None:
    """It was over its time, and nobody has canceled it."""
    task = gator.options(timeout=0.3).task(print, Slow())
    with pytest.raises(TaskTimeout, match=r"over its timeout of 0.3 s"):
        task.get(timeout=30)


def test_a_debugger_traces_after_a_cancel(tmp_path: Path) -> None:
    """Nothing of the interruption is left pending, for which CPython 3.11 would look for ever."""
    command = [sys.executable, "-c", TRACED]
    done = subprocess.run(command, cwd=tmp_path, timeout=60, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("canceled traced\n", "")
