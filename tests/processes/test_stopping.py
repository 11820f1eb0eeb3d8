"""Stopping what runs in a process: asked first, killed after five seconds, said when it is true."""

import importlib
import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gator_nb import Gator, Status, Task, Worker
from gator_nb.errors import TaskTimeout
from gator_nb.executors.nursery import GRACE
from tests.waiting import until


def canceled(task: Task) -> str:
    """Wait until it runs, cancel it, wait for its end; how it ended."""
    until(lambda: task.status is Status.RUNNING)
    task.cancel().wait(60)
    assert task.status is Status.CANCELED
    return str(task.error)


def test_a_sleeping_task_stops_at_once(gator: Gator, worker: Worker) -> None:
    assert canceled(gator.task(time.sleep, 600)).endswith("later by SIGINT")


def test_a_busy_loop_stops_and_its_process_goes_on(gator: Gator, worker: Worker) -> None:
    def spin() -> None:
        while True:
            pass

    first = gator.task(os.getpid).get()
    task = gator.task(begin, spin)
    until(lambda: "begun" in task.logs())
    assert "SIGINT" in canceled(task)
    assert gator.task(os.getpid).get() == first


def test_a_process_whose_import_was_stopped_is_replaced(
    gator: Gator, worker: Worker, tmp_path: Path
) -> None:
    """What C code has begun to set up there cannot be set up twice: the next task would fail."""
    begun = tmp_path / "begun"
    module = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(600)\n"
    (tmp_path / "slow_to_load.py").write_text(module)

    def load() -> None:
        sys.path.insert(0, str(tmp_path))
        importlib.import_module("slow_to_load")

    first = gator.task(os.getpid).get()
    task = gator.task(load)
    until(begun.exists)
    assert "SIGINT" in canceled(task)
    assert gator.task(os.getpid).get() != first


def test_it_may_clean_up(gator: Gator, worker: Worker, tmp_path: Path) -> None:
    def tidy() -> None:
        try:
            time.sleep(600)
        finally:
            (tmp_path / "tidied").touch()

    task = gator.task(begin, tidy)
    until(lambda: "begun" in task.logs())
    canceled(task)
    assert (tmp_path / "tidied").exists()


def c_code() -> None:
    """A loop in C that never gives up the interpreter's lock."""
    sum(itertools.repeat(0))


def swallowing() -> None:
    while True:
        try:
            time.sleep(600)
        except BaseException:
            continue


def ignoring() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    time.sleep(600)


def begin(code: Callable[[], object]) -> object:
    """Tell that user code runs by now, and run it."""
    print("begun")
    return code()


def daemonic() -> None:
    """Starts what leaves its session, and what takes no environment along besides."""
    for command in (["sh", "-c", "sleep 600 & sleep 600"], ["env", "-i", "sleep", "600"]):
        print("started", subprocess.Popen(command, start_new_session=True).pid, flush=True)
    swallowing()


def runs(pid: str) -> bool:
    """Whether there is such a process; what waits to be buried has no command line any more."""
    with suppress(FileNotFoundError):
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    return False


@pytest.mark.slow
@pytest.mark.parametrize("hostile", [c_code, swallowing, ignoring, daemonic])
def test_whatever_it_does_it_is_stopped(
    gator: Gator, worker: Worker, hostile: Callable[[], None]
) -> None:
    """After five seconds its whole tree is killed; until then it is not said to be canceled."""
    task = gator.task(begin, hostile)
    until(lambda: "begun" in task.logs())
    task.cancel()
    until(lambda: task.handle.look().cancel_step)
    assert task.canceling
    task.wait(60)
    assert (task.status, task.error[-11:]) == (Status.CANCELED, " by SIGKILL")
    assert not [pid for pid in re.findall(r"started (\d+)", task.logs()) if runs(pid)]
    assert gator.task(pow, 2, 3).get(60) == 8


def seconds_to_stop(task: Task) -> float:
    """As its error tells them."""
    return float(re.findall(r"stopped (\d+\.\d) s later", str(task.error))[0])


def test_force_does_not_wait_for_the_code(gator: Gator, worker: Worker) -> None:
    task = gator.task(begin, swallowing)
    until(lambda: "begun" in task.logs())
    gator.backend.cancel([task.task_id], "me", force=True)
    task.wait(60)
    assert task.status is Status.CANCELED
    assert seconds_to_stop(task) < GRACE


def test_a_result_that_wins_against_the_cancel_stays(gator: Gator, worker: Worker) -> None:
    def stubborn() -> str:
        try:
            time.sleep(600)
        except BaseException:
            return "done all the same"
        return "never"

    task = gator.task(begin, stubborn)
    until(lambda: "begun" in task.logs())
    assert task.cancel().get(60) == "done all the same"


def test_a_stopping_worker_gives_its_task_back(gator: Gator) -> None:
    """Interrupted work waits again, and the try does not count."""
    with Worker(gator, processes=1) as worker:
        task = gator.task(time.sleep, 600)
        until(lambda: task.status is Status.RUNNING)
        worker.stop(0)
    assert (task.status, task.attempts) == (Status.WAITING, 0)


def test_force_does_not_wait_for_it(gator: Gator, worker: Worker) -> None:
    """By the handle, or `%gator cancel --force`."""
    task = gator.task(begin, swallowing)
    until(lambda: "begun" in task.logs())
    assert task.cancel(force=True).wait(30).status is Status.CANCELED
    assert seconds_to_stop(task) < GRACE
    assert "SIGKILL" in str(task.error)


class Slow:
    """An argument that does not arrive the first time."""

    def __init__(self, begun: Path) -> None:
        self.begun = begun

    def __reduce__(self) -> tuple[object, ...]:
        return arrive, (self.begun,)


def arrive(begun: Path) -> int:
    first = not begun.exists()
    begun.touch()
    while first:
        pass
    return 7


def test_a_call_that_is_over_its_time_while_it_loads_is_tried_again(
    gator: Gator, worker: Worker, tmp_path: Path
) -> None:
    """It is a timeout as any other, and nobody has canceled anything."""
    task = gator.options(timeout=1.0, retries=1).task(abs, Slow(tmp_path / "begun"))
    assert (task.get(timeout=30), task.attempts) == (7, 2)


def test_a_call_that_never_loads_in_time_says_so(
    gator: Gator, worker: Worker, tmp_path: Path
) -> None:
    task = gator.options(timeout=0.3).task(abs, Slow(tmp_path / "begun"))
    with pytest.raises(TaskTimeout, match=r"over its timeout of 0.3 s; stopped .* by SIGINT"):
        task.get(timeout=30)
