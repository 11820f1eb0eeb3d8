"""`run_in`, `timeout` and `env`: where a task runs, for how long, with what around it."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import Gator, Status, Worker
from gator_nb.errors import TaskTimeout
from tests.waiting import until


@pytest.fixture
def lasting(tmp_path: Path) -> Iterator[Gator]:
    """A queue that both kinds of workers can serve."""
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as gator:
        yield gator


@pytest.fixture
def both(lasting: Gator) -> Iterator[Gator]:
    """One worker of each kind."""
    with Worker(lasting, threads=1), Worker(lasting, processes=1):
        yield lasting


def test_a_task_runs_where_it_says(both: Gator) -> None:
    pids = [both.options(run_in=place).task(os.getpid).get(60) for place in ("thread", "process")]
    assert pids[0] == os.getpid() != pids[1]


def test_it_waits_for_a_worker_of_its_kind(lasting: Gator) -> None:
    task = lasting.options(run_in="process").task(os.getpid)
    with Worker(lasting, threads=1):
        assert lasting.task(int).get(60) == 0
        assert task.status is Status.WAITING
    with Worker(lasting, processes=1):
        assert task.get(60) != os.getpid()


def test_a_gator_has_a_default_and_an_option_is_nearer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"sqlite:///{tmp_path}/tasks.sqlite"
    monkeypatch.setenv("GATOR_NB_RUN_IN", "thread")
    with Gator(address) as gator, Gator(address, run_in="process") as other:
        assert gator.task(int).run_in == "thread"
        assert other.task(int).run_in == "process"
        assert other.options(run_in="thread").task(int).run_in == "thread"


def test_a_word_that_is_no_place_is_refused(lasting: Gator) -> None:
    with pytest.raises(ValueError, match="did you mean 'process'"):
        lasting.options(run_in="proces").task(int)


def test_a_store_in_memory_has_no_processes() -> None:
    with Gator("memory://") as gator:
        with pytest.raises(ValueError, match="a store that lasts"):
            gator.options(run_in="process").task(int)
        with pytest.raises(ValueError, match="stores that last"):
            gator.start_worker(processes=1)


@pytest.mark.parametrize(
    ("place", "seconds"),
    [("thread", 0.3), pytest.param("process", 2.0, marks=pytest.mark.slow)],
    ids=["thread", "process"],
)
def test_a_task_over_its_time_is_stopped_and_tried_again(
    both: Gator, place: str, seconds: float
) -> None:
    """A timeout uses a retry like any other failure, and calls `on_error` of what was loaded, which
    a new process has some time for here."""

    def loop() -> None:
        while True:
            time.sleep(0.01)

    def note(task, error) -> None:
        print("on_error:", type(error).__name__)

    task = both.options(run_in=place, timeout=seconds, retries=1, on_error=note).task(loop)
    with pytest.raises(TaskTimeout, match=f"was over its timeout of {seconds:g} s; stopped"):
        task.get(60)
    assert (task.attempts, task.retries) == (2, 0)
    assert task.logs() == "on_error: TaskTimeout\n" * 2


def test_what_is_popped_has_a_timeout_too(lasting: Gator) -> None:
    def loop() -> None:
        while True:
            time.sleep(0.01)

    lasting.options(timeout=0.2).task(loop)
    with pytest.raises(TaskTimeout):
        lasting.pop()


def test_a_process_gets_its_variables_and_loses_them_again(both: Gator) -> None:
    def look() -> str | None:
        return os.environ.get("MODEL_FOLDER")

    process = both.options(run_in="process")
    with_one = both.options(run_in="process", env={"MODEL_FOLDER": "/models"})
    assert with_one.task(look).get(60) == "/models"
    assert process.task(look).get(60) is None
    assert look() is None


def test_threads_share_their_environment_so_that_it_is_refused(lasting: Gator) -> None:
    with pytest.raises(ValueError, match='add run_in="process"'):
        lasting.options(env={"A": "1"}).task(int)


def test_cores_are_shared_out_among_the_processes(both: Gator) -> None:
    """Numeric libraries in a child start no more threads than are its share."""
    share = both.options(run_in="process").task(lambda: os.environ["OMP_NUM_THREADS"]).get(60)
    assert int(share) >= 1


def test_an_attached_worker_ends_with_whoever_started_it(lasting: Gator, tmp_path: Path) -> None:
    """Its process sees the end of its input, gives back what runs, and leaves no trace."""
    worker = lasting.start_worker(processes=1)
    task = lasting.options(run_in="process").task(time.sleep, 600)
    until(lambda: task.status is Status.RUNNING)
    worker._process.stdin.close()
    until(lambda: not worker.running)
    until(lambda: task.status is Status.WAITING)
    until(lambda: all(one.kind != "worker" for one in lasting.backend.presences()))
