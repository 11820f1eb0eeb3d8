"""Tasks on a Dask cluster: `Worker(gator, executor=client.get_executor())`."""

import logging
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from distributed import Client, LocalCluster

from gator_nb import CANCELED, RUNNING, SUCCESS, Gator, Worker, checkpoint, progress
from gator_nb.errors import GatorError, TaskLost, TaskTimeout
from tests.waiting import until

pytestmark = pytest.mark.slow


def new_cluster(workers: int) -> LocalCluster:
    """Dask workers of one thread, each in a process of its own."""
    return LocalCluster(
        n_workers=workers, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0"
    )


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with new_cluster(2) as one:
        yield one


@pytest.fixture(scope="module")
def dask_client(cluster: LocalCluster) -> Iterator[Client]:
    with Client(cluster) as client:
        yield client


@pytest.fixture
def gator(tmp_path: Path) -> Iterator[Gator]:
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as opened:
        yield opened
        assert opened.verify() == []


@pytest.fixture
def worker(gator: Gator, dask_client: Client) -> Iterator[Worker]:
    with Worker(gator, executor=dask_client.get_executor()) as one:
        yield one


def stay(path: Path) -> None:
    """A task that runs until it is stopped, in Python code."""
    path.write_text(str(os.getpid()))
    while True:
        pass


# -- what comes back --------------------------------------------------------------------------


def test_results_errors_and_output_come_back(gator: Gator, worker: Worker) -> None:
    def work(x: int) -> float:
        print(f"dividing by {x}")
        return 1 / x

    right, wrong = gator.task(work, 2), gator.options(retries=1).task(work, 0)
    assert right.get(60) == 0.5
    assert right.logs() == "dividing by 2\n"
    with pytest.raises(ZeroDivisionError):
        wrong.get(60)
    assert (wrong.attempts, wrong.logs()) == (2, "dividing by 0\n" * 2)


def test_progress_and_log_come_while_it_runs(gator: Gator, worker: Worker, tmp_path: Path) -> None:
    def work() -> str:
        print("begun")
        progress(1, 2, loss=0.5)
        until((tmp_path / "go").exists)
        print("done")
        return "done"

    task = gator.task(work)
    until(lambda: task.progress is not None and task.progress.done == 1)
    assert task.status is RUNNING
    assert task.logs() == "begun\n"
    (tmp_path / "go").touch()
    assert task.get(60) == "done"
    assert task.logs() == "begun\ndone\n"
    assert [value for _, value in task.metrics["loss"]] == [0.5]


def test_it_runs_in_the_processes_of_the_cluster(gator: Gator, worker: Worker) -> None:
    """As many at a time as the cluster has threads; the store is told how many that are."""

    def where(_: int) -> int:
        time.sleep(0.2)
        return os.getpid()

    found = set(gator.map(where, range(4)).get(timeout=60))
    assert len(found) == worker.slots == 2
    assert os.getpid() not in found
    until(lambda: [one.slots for one in gator.backend.presences() if one.queues] == [2])


def test_ten_thousand_tasks_go_in_chunks(gator: Gator, worker: Worker) -> None:
    """A task of Dask for each would cost it more than the calls themselves. (Short here.)"""
    number = int(os.environ.get("GATOR_NB_TEST_DASK_TASKS", "1000"))

    def inside(n: int) -> tuple[int, int]:
        import threading

        return n, threading.get_native_id()  # a chunk is run by one thread

    found = gator.map(inside, range(number)).get(timeout=300)
    assert [n for n, _ in found] == list(range(number))
    assert len({thread for _, thread in found}) < number / 5
    assert gator.counts() == {SUCCESS: number}


def test_large_values_are_brought_there_once(
    gator: Gator, worker: Worker, dask_client: Client
) -> None:
    """However many tasks capture them; each has a copy of its own to write into."""
    data = np.ones(1_000_000)

    def work(n: int) -> tuple[float, np.ndarray]:
        data[0] += n
        return data[0], data[:200_000]

    found = gator.map(work, range(6)).get(timeout=60)
    assert [first for first, _ in found] == [1 + n for n in range(6)]
    assert all(len(part) == 200_000 for _, part in found)
    sizes = dask_client.run_on_scheduler(
        lambda dask_scheduler: [one.nbytes for one in dask_scheduler.tasks.values()]
    )
    assert sum(size > 7_000_000 for size in sizes) == 1


def test_a_checkpoint_cannot_be_kept_there_and_says_so(gator: Gator, worker: Worker) -> None:
    with pytest.raises(GatorError, match="no store is in reach"):
        gator.task(lambda: checkpoint(1)).get(60)


# -- what stops -------------------------------------------------------------------------------


def test_running_code_is_canceled(gator: Gator, worker: Worker, tmp_path: Path) -> None:
    """And what was sent with it in a chunk goes on elsewhere."""
    task = gator.task(stay, tmp_path / "pid")
    others = gator.map(pow, range(10), [2] * 10)
    until((tmp_path / "pid").exists)
    assert others.get(timeout=60) == [n**2 for n in range(10)]
    task.cancel().wait(60)
    assert task.status is CANCELED
    assert gator.task(pow, 2, 3).get(60) == 8, "its thread is free again"


def test_what_a_busy_cluster_has_not_begun_is_canceled_at_once(
    gator: Gator, worker: Worker, dask_client: Client, tmp_path: Path
) -> None:
    """Its threads may be taken by others; it does not begin there later either."""
    taken = dask_client.map(lambda _: until((tmp_path / "go").exists, 60), range(2), pure=False)
    until(lambda: len(dask_client.processing()) == 2 and all(dask_client.processing().values()))
    tasks = [gator.task((tmp_path / name).touch) for name in ("one", "two")]
    until(lambda: all(task.status is RUNNING for task in tasks))
    tasks[0].cancel().wait(30)
    assert tasks[0].status is CANCELED
    (tmp_path / "go").touch()
    tasks[1].get(60)
    assert not (tmp_path / "one").exists()
    del taken


def test_a_timeout_is_that_of_the_code(gator: Gator, worker: Worker, tmp_path: Path) -> None:
    with pytest.raises(TaskTimeout, match=r"its timeout of 0\.5 s"):
        gator.options(timeout=0.5).task(stay, tmp_path / "pid").get(60)


# -- what dies --------------------------------------------------------------------------------


def test_what_a_dask_worker_had_when_it_died_runs_again_or_is_lost(
    gator: Gator, tmp_path: Path
) -> None:
    """As with any worker: `on_lost` decides; Dask does not run it again behind our back."""

    def once(folder: Path) -> str:
        tries = len(list(folder.iterdir()))
        (folder / str(os.getpid())).touch()
        if tries == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return f"{tries + 1} tries"

    (tmp_path / "again").mkdir()
    (tmp_path / "lost").mkdir()
    with (
        new_cluster(2) as cluster,
        Client(cluster) as client,
        Worker(gator, executor=client.get_executor()),
    ):
        again = gator.task(once, tmp_path / "again")
        lost = gator.options(on_lost="fail").task(once, tmp_path / "lost")
        assert again.get(60) == "2 tries"
        assert again.handle.look().losses == 1
        with pytest.raises(TaskLost, match=r"the Dask worker tcp.* has died"):
            lost.get(60)
    assert len(list((tmp_path / "lost").iterdir())) == 1


@pytest.fixture
def threads() -> Iterator[LocalCluster]:
    """A cluster in this process, which is there and gone faster."""
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=False,
        protocol="tcp",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as one:
        yield one


def test_dask_workers_may_come_and_go(gator: Gator, threads: LocalCluster) -> None:
    """The store is told how many slots there are; without any, tasks wait."""

    def slots() -> list[int]:
        return [one.slots for one in gator.backend.presences() if one.queues]

    with Client(threads) as client, Worker(gator, executor=client.get_executor()):
        until(lambda: slots() == [1])
        threads.scale(0)
        until(lambda: slots() == [0])
        task = gator.task(pow, 2, 5)
        threads.scale(1)
        assert task.get(60) == 32


def test_a_worker_ends_with_its_cluster(
    gator: Gator, threads: LocalCluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing would ever run again; what ran there is lost, and the exit code tells."""

    def wait() -> None:
        (tmp_path / "begun").touch()
        until((tmp_path / "go").exists)

    with Client(threads) as client:
        worker = Worker(gator, executor=client.get_executor()).start()
        task = gator.options(on_lost="fail").task(wait)
        until((tmp_path / "begun").exists)
    with pytest.raises(TaskLost):
        task.get(60)
    until(lambda: not worker.running)
    assert (worker.stop(), worker.exit_code) == (True, 1)
    assert "its client was closed" in caplog.text
    (tmp_path / "go").touch()


# -- what Dask's people see -------------------------------------------------------------------


def test_a_dask_worker_with_another_python_gets_nothing(
    gator: Gator,
    threads: LocalCluster,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Calls are code, and each Python has its own: it is told, and tasks wait for another."""
    monkeypatch.setattr("gator_nb.executors.dask.PYTHON", "2.7")
    with Client(threads) as client, Worker(gator, executor=client.get_executor()) as worker:
        until(lambda: "and calls need 2.7 as here" in caplog.text)
        assert worker.slots == 0


def test_looking_after_tasks_does_not_fill_the_log_of_dask(
    gator: Gator, threads: LocalCluster, caplog: pytest.LogCaptureFixture
) -> None:
    """Its workers tell of whatever else is run on them."""
    logger = logging.getLogger("distributed.worker")
    logger.addHandler(caplog.handler)
    with (
        caplog.at_level(logging.INFO, "distributed.worker"),
        Client(threads) as client,
        Worker(gator, executor=client.get_executor()),
    ):
        task = gator.task(lambda: progress(1, 2) or time.sleep(1))
        until(lambda: task.progress is not None and not task.done())
        client.run(os.getpid)
        task.get(60)
    logger.removeHandler(caplog.handler)
    assert "getpid" in caplog.text
    assert "look" not in caplog.text
