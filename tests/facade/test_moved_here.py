"""What this process has moved itself: no handle goes on showing what it read before."""

import time
from pathlib import Path

import pytest

from gator_nb import BLOCKED, RUNNING, SUCCESS, WAITING, Gator, Worker
from gator_nb.tasks import handle

from ..waiting import until


@pytest.fixture
def slow_handles(monkeypatch: pytest.MonkeyPatch) -> None:
    """What they read would be shown for an hour, if nothing told them that it has changed."""
    monkeypatch.setattr(handle, "_FRESH", 3600.0)


def endless() -> None:
    while True:
        time.sleep(0.01)


def _running(gator: Gator) -> handle.Handle:
    task = gator.task(endless)
    until(lambda: gator.backend.get([task.task_id])[0].status is RUNNING)
    task.handle.read_anew()
    return task.handle


def test_a_stopped_worker_has_given_back(gator: Gator, slow_handles: None) -> None:
    """Nobody is told that it still runs."""
    with Worker(gator, threads=1) as worker:
        running = _running(gator)
        assert worker.stop(0)
    assert running.look().status is WAITING


@pytest.mark.skipif("sys.platform != 'linux'", reason="process trees are Linux's")
def test_a_stopped_process_has_given_back(tmp_path: Path, slow_handles: None) -> None:
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as gator:
        gator.start_worker(processes=1)
        running = _running(gator)
        assert gator.stop_worker(0)
        assert running.look().status is WAITING


def test_a_worker_that_has_run_in_this_thread_has_ended_its_tasks(
    gator: Gator, slow_handles: None
) -> None:
    task = gator.task(pow, 2, 10)
    assert Worker(gator, max_tasks=1).run_forever() == 0
    assert task.status is SUCCESS


def test_a_resumed_queue_holds_nothing(gator: Gator, slow_handles: None) -> None:
    task = gator.task(pow, 2, 10)
    gator.backend.hold(gator.queue_name)
    assert task.handle.read_anew().status is BLOCKED
    assert gator.resume() == 1
    assert task.status is WAITING
