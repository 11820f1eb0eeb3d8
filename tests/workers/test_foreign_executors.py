"""Tasks in an executor that somebody else made."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import pytest

from gator_nb import Gator, Status, Worker, checkpoint, progress
from gator_nb.errors import GatorError, TaskLost, TaskTimeout
from tests.waiting import until


@pytest.fixture(params=[ThreadPoolExecutor, ProcessPoolExecutor])
def pool(request: pytest.FixtureRequest) -> Iterator[Executor]:
    more = {"mp_context": get_context("spawn")} if request.param is ProcessPoolExecutor else {}
    with request.param(1, **more) as executor:
        yield executor


def test_results_errors_output_and_progress_come_back(gator: Gator, pool: Executor) -> None:
    def work(x: int) -> float:
        print("working")
        progress(1, 2)
        return 1 / x

    with Worker(gator, executor=pool):
        right, wrong = gator.task(work, 2), gator.options(retries=1).task(work, 0)
        assert right.get(60) == 0.5
        assert right.logs() == "working\n"
        assert right.progress is not None
        with pytest.raises(ZeroDivisionError):
            wrong.get(60)
        assert wrong.attempts == 2


def test_what_has_not_begun_there_is_canceled(gator: Gator, tmp_path: Path) -> None:
    """What runs there is not: it is said to run on, and its result stays."""

    def work() -> str:
        until((tmp_path / "go").exists)
        return "done"

    with ThreadPoolExecutor(1) as pool, Worker(gator, executor=pool, threads=3):
        first, second = gator.task(work), gator.task(work)
        until(lambda: second.status is Status.RUNNING)
        second.cancel().wait(30)
        first.cancel()
        until(lambda: first.handle.look().cancel_step == "its executor lets it run on")
        (tmp_path / "go").touch()
        assert (first.get(30), second.status) == ("done", Status.CANCELED)


@pytest.mark.slow
def test_what_is_over_its_time_before_it_begins_there_has_timed_out(gator: Gator) -> None:
    """That is a failed try, and not a cancel that nobody asked for."""
    with ThreadPoolExecutor(1) as pool, Worker(gator, executor=pool, threads=2):
        first = gator.task(time.sleep, 1.5)
        until(lambda: first.status is Status.RUNNING)
        second = gator.options(timeout=0.2, retries=1).task(time.sleep, 0)
        with pytest.raises(TaskTimeout, match="before its executor began it"):
            second.get(60)
        assert (second.status, second.attempts) == (Status.FAILED, 2)


def test_a_checkpoint_that_cannot_be_kept_there_is_told(gator: Gator, pool: Executor) -> None:
    def work() -> None:
        checkpoint(checkpoint() or 1)

    with Worker(gator, executor=pool), pytest.raises(GatorError, match="no store is in reach"):
        gator.task(work).get(60)


def test_a_pool_that_breaks_loses_its_tasks_and_says_so(gator: Gator) -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    spawning = get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawning) as pool, Worker(gator, executor=pool):
        task = gator.options(on_lost="fail").task(die)
        with pytest.raises(TaskLost, match="BrokenProcessPool"):
            task.get(60)


def test_a_broken_pool_takes_nothing_more_and_loses_nothing_more(
    gator: Gator, caplog: pytest.LogCaptureFixture
) -> None:
    """Its worker ends and says why; what waits is for a worker with another one."""

    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as broken:
        with pytest.raises(BrokenProcessPool):
            broken.submit(os._exit, 1).result(60)
        worker = Worker(gator, executor=broken, threads=2).start()
        tasks = gator.map(pow, range(5), [2] * 5)
        until(lambda: not worker.running)
        assert (worker.stop(), worker.exit_code) == (True, 1)
    assert gator.counts() == {Status.WAITING: 5}
    assert "takes nothing more: A child process terminated abruptly" in caplog.text
    with ThreadPoolExecutor(1) as pool, Worker(gator, executor=pool):
        assert tasks.get(timeout=60) == [n**2 for n in range(5)]


def test_an_executor_that_was_shut_down_takes_nothing_more(gator: Gator) -> None:
    pool = ThreadPoolExecutor(1)
    worker = Worker(gator, executor=pool).start()
    assert gator.task(pow, 2, 10).get(60) == 1024
    pool.shutdown()
    task = gator.task(pow, 2, 10)
    until(lambda: not worker.running)
    assert (worker.stop(), task.status) == (True, Status.WAITING)


def test_an_executor_is_its_owners(gator: Gator, pool: Executor) -> None:
    with Worker(gator, executor=pool):
        gator.task(time.sleep, 0).get(60)
    assert pool.submit(pow, 2, 3).result(60) == 8
