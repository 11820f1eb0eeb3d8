"""`on_error` is called at every failed try, one whose process had to be killed included."""

import contextlib
import os
import time
from pathlib import Path

import pytest

from gator_nb import FAILED, Gator, Task, Worker
from gator_nb.errors import TaskTimeout
from tests.waiting import until


def swallow() -> None:
    """Only SIGKILL ends it."""
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(600)


def hold(megabytes: int) -> None:
    held = b"x" * (megabytes * 2**20)
    time.sleep(600)
    print(len(held))


def told(path: Path, error: BaseException) -> None:
    with path.open("a") as file:
        file.write(f"{type(error).__name__} {os.getpid()}\n")


@pytest.mark.slow
def test_it_is_called_in_another_process_after_a_timeout(
    gator: Gator, worker: Worker, tmp_path: Path
) -> None:
    """With the error that the task has, and before that shows; what it prints is in the log."""
    first = gator.task(os.getpid).get()

    def on_error(task: Task, error: BaseException) -> None:
        told(tmp_path / "told", error)
        print(f"{task.task_id} was over its time")

    task = gator.options(timeout=1.0, on_error=on_error).task(swallow)
    with pytest.raises(TaskTimeout, match=r"over its timeout of 1 s; stopped .* by SIGKILL"):
        task.get(timeout=60)
    ((kind, pid),) = [line.split() for line in (tmp_path / "told").read_text().splitlines()]
    assert kind == "TaskTimeout"
    assert int(pid) != first
    assert f"{task.task_id} was over its time" in task.logs()


@pytest.mark.slow
def test_it_is_called_after_a_task_held_too_much_memory(
    gator: Gator, worker: Worker, tmp_path: Path
) -> None:
    """Once for each of its tries."""
    options = gator.options(
        needs={"memory": "300MB"},
        retries=1,
        on_error=lambda task, error: told(tmp_path / "told", error),
    )
    task = options.task(hold, 600)
    with pytest.raises(MemoryError):
        task.get(timeout=60)
    lines = (tmp_path / "told").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["MemoryError"] * 2


@pytest.mark.slow
def test_it_may_take_the_retries_away(gator: Gator, worker: Worker) -> None:
    def enough(task: Task, error: BaseException) -> None:
        task.retries = 0

    task = gator.options(timeout=1.0, retries=5, on_error=enough).task(swallow).wait(60)
    assert (task.status, task.attempts) == (FAILED, 1)


@pytest.mark.slow
def test_one_that_dies_itself_changes_nothing(gator: Gator, worker: Worker) -> None:
    """The error of the task stays, and it is not called again."""
    task = gator.options(timeout=1.0, on_error=lambda task, error: os._exit(3)).task(swallow)
    with pytest.raises(TaskTimeout):
        task.get(timeout=60)
    assert (task.attempts, task.handle.record.losses) == (1, 0)
    assert gator.task(pow, 2, 10).get(timeout=60) == 1024


@pytest.mark.slow
def test_a_cancel_reaches_it(gator: Gator, worker: Worker, tmp_path: Path) -> None:
    def wait(task: Task, error: BaseException) -> None:
        (tmp_path / "begun").touch()
        time.sleep(600)

    task = gator.options(timeout=1.0, on_error=wait).task(swallow)
    until((tmp_path / "begun").exists, 60)
    task.cancel().wait(60)
    assert str(task.status) == "canceled"


@pytest.mark.slow
def test_the_pause_before_the_next_try_is_kept(gator: Gator, worker: Worker) -> None:
    """A killed try is followed by its backoff, as any other."""
    task = gator.options(timeout=0.2, retries=1, backoff=3600).task(swallow)
    until(lambda: str(task.status) == "retrying", 60)
    assert task.delay_until - time.time() > 1800
