"""Code that is hard to live with, in processes: what becomes of it, and of the next task."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gator_nb import Gator, Status, Worker, checkpoint
from gator_nb.errors import GatorError, NotPicklable, TaskLost
from gator_nb.host.process_tree import marked
from tests.waiting import until

pytestmark = pytest.mark.slow


def test_memory_that_is_refused_is_the_tasks_own_error(gator: Gator, worker: Worker) -> None:
    """And the limit that it set for itself is not the next one's."""
    before = resource.getrlimit(resource.RLIMIT_AS)

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, before[1]))
        hoard = []
        while True:
            hoard.append(bytearray(64 << 20))

    with pytest.raises(MemoryError):
        gator.task(fill).get(60)
    assert gator.task(resource.getrlimit, resource.RLIMIT_AS).get(60) == before


def test_an_exception_class_of_the_cell_comes_back_as_that_class(
    gator: Gator, worker: Worker
) -> None:
    """`except` in the next cell catches it, though no module defines it."""

    class Diverged(Exception):
        def __init__(self, epoch: int, *, loss: float) -> None:
            super().__init__(f"epoch {epoch}")
            self.loss = loss

    def train() -> None:
        raise Diverged(3, loss=0.5)

    with pytest.raises(Diverged, match="epoch 3") as caught:
        gator.task(train).get(60)
    assert caught.value.loss == 0.5


def test_a_base_exception_of_the_cell_comes_back_too(gator: Gator, worker: Worker) -> None:
    class Stop(BaseException):
        pass

    def stop() -> None:
        raise Stop("enough")

    with pytest.raises(Stop, match="enough"):
        gator.task(stop).get(60)


def test_a_lambda_comes_back_and_a_generator_is_refused(gator: Gator, worker: Worker) -> None:
    assert gator.task(lambda: lambda n: n + 1).get(60)(1) == 2
    with pytest.raises(NotPicklable, match="generator"):
        gator.task(lambda: (n for n in range(3))).get(60)


def test_a_fork_that_asks_is_refused_and_the_task_goes_on(gator: Gator, worker: Worker) -> None:
    """Two that speak on one line would take each other's answers."""

    def split() -> str:
        reading, writing = os.pipe()
        if os.fork() == 0:
            try:
                checkpoint(1)
            except GatorError as error:
                os.write(writing, str(error).encode())
            os._exit(0)
        os.wait()
        checkpoint(2)
        return os.read(reading, 1000).decode()

    assert "forked" in gator.task(split).get(60)


def test_a_flood_from_below_does_not_hold_up_the_cancel(gator: Gator, worker: Worker) -> None:
    """`yes` writes faster than anybody reads."""
    task = gator.task(subprocess.run, ["yes"])
    until(lambda: "y" in task.logs())
    task.cancel().wait(60)
    assert task.status is Status.CANCELED
    assert gator.task(pow, 2, 3).get(60) == 8


def test_one_that_becomes_another_program_is_lost_and_says_so(gator: Gator, worker: Worker) -> None:
    task = gator.options(on_lost="fail").task(os.execv, sys.executable, ["python", "-c", "1"])
    with pytest.raises(TaskLost, match="exit code 0"):
        task.get(60)


@pytest.mark.slow
def test_another_program_that_stays_is_ended(gator: Gator, worker: Worker) -> None:
    """Its worker cannot hear of it any more, and does not wait for ever."""
    task = gator.options(on_lost="fail").task(os.execv, "/bin/sleep", ["sleep", "600"])
    with pytest.raises(TaskLost, match="become another program"):
        task.get(60)


def test_one_that_closes_every_file_is_lost_and_says_so(gator: Gator, worker: Worker) -> None:
    """Its result cannot be told."""
    task = gator.options(on_lost="fail").task(os.closerange, 0, 1000)
    with pytest.raises(TaskLost):
        task.get(60)
    assert gator.task(pow, 2, 3).get(60) == 8


def test_one_that_writes_garbage_to_its_worker_is_ended(gator: Gator, worker: Worker) -> None:
    """The worker stays, and the next task is none the wiser."""

    def spoil() -> None:
        for entry in Path("/proc/self/fd").iterdir():
            if entry.is_socket():
                os.write(int(entry.name), b"\0\0\0\4" + b"\0" * 8 + b"junk")
        time.sleep(600)

    with pytest.raises(TaskLost, match="closed its connection"):
        gator.options(on_lost="fail").task(spoil).get(60)
    assert gator.task(pow, 2, 3).get(60) == 8


def test_open_files_that_are_left_cost_the_process(gator: Gator, worker: Worker) -> None:
    """The next task would find none to open."""

    def leak() -> int:
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        for _ in range(most * 2 // 3):
            os.dup(1)
        return os.getpid()

    assert gator.task(leak).get(60) != gator.task(os.getpid).get(60)


def test_a_crash_leaves_no_grandchild(gator: Gator, worker: Worker) -> None:
    """Not even one that had left its session, when the process dies by itself."""

    def crash() -> None:
        subprocess.Popen(["sleep", "600"], start_new_session=True)
        ctypes.string_at(0)

    task = gator.options(on_lost="fail").task(crash)
    with pytest.raises(TaskLost, match="SIGSEGV"):
        task.get(60)
    until(lambda: len(marked(f"{worker.id}:")) <= 1)  # the one that is warm


def test_timers_timeouts_and_the_collector_are_put_back(gator: Gator, worker: Worker) -> None:
    def spoil() -> int:
        import gc

        gc.disable()
        socket.setdefaulttimeout(0.1)
        signal.setitimer(signal.ITIMER_REAL, 3600)
        return os.getpid()

    def look() -> tuple[int, bool, float | None, float]:
        import gc

        timer = signal.getitimer(signal.ITIMER_REAL)[0]
        return os.getpid(), gc.isenabled(), socket.getdefaulttimeout(), timer

    pid = gator.task(spoil).get(60)
    assert gator.task(look).get(60) == (pid, True, None, 0.0)


def test_many_megabytes_go_and_come(gator: Gator, worker: Worker) -> None:
    """An argument and a result of any size, though a socket takes only a fifth of a megabyte."""
    data = bytes(20 << 20)
    assert len(gator.task(lambda: data + b"1").get(60)) == len(data) + 1


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0.0, 0.05, 0.2, 0.5])
def test_a_death_amid_a_large_result_is_a_loss(
    gator: Gator, worker: Worker, tmp_path: Path, moment: float
) -> None:
    """Half a message is none: it runs again, and the whole one counts."""

    def grow() -> bytes:
        if not (tmp_path / "tried").exists():
            (tmp_path / "tried").touch()
            threading.Timer(moment, os._exit, [5]).start()
        return bytes(200 << 20)

    assert len(gator.task(grow).get(120)) == 200 << 20


def ask_for_ever() -> None:
    """Ask the store as fast as it answers."""
    while True:
        checkpoint(b"x" * 100_000)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_death_amid_a_question_to_the_store_is_a_loss(
    gator: Gator, worker: Worker, how: signal.Signals
) -> None:
    task = gator.options(on_lost="fail").task(ask_for_ever)
    until(lambda: task.handle.look().checkpoint)
    os.kill(busy(worker), how)
    with pytest.raises(TaskLost, match=how.name):
        task.get(60)
    assert gator.task(pow, 2, 3).get(60) == 8


def test_a_cancel_amid_a_question_to_the_store_tears_no_message(
    gator: Gator, worker: Worker
) -> None:
    """It stops by SIGINT, and its process goes on. Each question is longer than what goes into the
    line at once."""

    def push_for_ever() -> None:
        while True:
            gator.options(queue="aside").map(len, ["x" * 900_000] * 8)

    pid = gator.task(os.getpid).get(60)
    for _ in range(5):
        task = gator.task(push_for_ever)
        until(lambda: gator.backend.len("aside") > 1)
        task.cancel().wait(60)
        assert "SIGINT" in str(task.error)
        gator.backend.drop_all("aside")
    assert gator.task(os.getpid).get(60) == pid


def test_one_that_is_stopped_by_a_signal_can_be_canceled(gator: Gator, worker: Worker) -> None:
    """SIGSTOP holds it, and SIGKILL ends it all the same."""
    task = gator.task(stop_oneself)
    until(lambda: task.status is Status.RUNNING)
    gator.backend.cancel([task.task_id], "me", force=True)
    task.wait(60)
    assert task.status is Status.CANCELED


def stop_oneself() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def test_a_death_before_it_is_ready_is_no_loss(gator: Gator) -> None:
    """The task waits for a process that does come up."""
    with Worker(gator, processes=1) as worker:
        until(lambda: marked(f"{worker.id}:"))
        for pid in marked(f"{worker.id}:"):
            os.kill(pid, signal.SIGKILL)
        task = gator.task(pow, 2, 3)
        assert task.get(60) == 8
        assert task.handle.look().losses == 0


@pytest.mark.parametrize("leave", [os.abort, lambda: os.kill(os.getpid(), signal.SIGTERM)])
def test_each_way_to_die_leaves_a_worker_that_serves(
    gator: Gator, worker: Worker, leave: Callable[[], None]
) -> None:
    with pytest.raises(TaskLost, match=r"SIGABRT|SIGTERM"):
        gator.options(on_lost="fail").task(leave).get(60)
    assert gator.task(pow, 2, 3).get(60) == 8


def busy(worker: Worker) -> int:
    """The process of its task."""
    (pid,) = marked(f"{worker.id}:")
    return pid
