"""Code that is hard to live with, in threads: what can be done is done, the rest is told."""

import io
import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gator_nb import CANCELED, FAILED, RUNNING, Gator, Worker
from gator_nb.errors import NotPicklable, TaskLost

from ..waiting import until
from .conftest import Ledger


@pytest.fixture
def worker(gator: Gator):
    """One thread."""
    with Worker(gator, threads=1) as started:
        yield started


@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt])
def test_leaving_by_an_exception_of_another_kind_is_a_failure(
    gator: Gator, worker: Worker, kind: type[BaseException]
) -> None:
    """It ends the task, and neither its thread nor the process."""

    def leave() -> None:
        raise kind

    first = gator.task(threading.get_ident).get(60)
    with pytest.raises(kind):
        gator.task(leave).get(60)
    assert gator.task(threading.get_ident).get(60) == first


def test_an_exception_class_of_the_cell_comes_back_as_that_class(
    gator: Gator, worker: Worker
) -> None:
    """`except` in the next cell catches it, though no module defines it."""

    class Diverged(Exception):
        pass

    def train() -> None:
        raise Diverged("epoch 3")

    with pytest.raises(Diverged, match="epoch 3"):
        gator.task(train).get(60)


def test_memory_that_is_refused_is_the_tasks_own_error(gator: Gator, worker: Worker) -> None:
    with pytest.raises(MemoryError):
        gator.task(bytearray, 1 << 60).get(60)
    assert gator.task(pow, 2, 3).get(60) == 8


def test_a_lambda_comes_back_and_a_generator_or_a_lock_is_refused(
    gator: Gator, worker: Worker
) -> None:
    assert gator.task(lambda: lambda n: n + 1).get(60)(1) == 2
    with pytest.raises(NotPicklable, match="generator"):
        gator.task(lambda: (n for n in range(3))).get(60)
    with pytest.raises(NotPicklable, match="lock"):
        gator.task(threading.Lock).get(60)


@pytest.mark.parametrize(
    "lazy",
    [lambda: map(abs, [1]), lambda: zip([1]), lambda: iter([1]), lambda: itertools.count(),
     lambda: enumerate("a")],
    ids=["map", "zip", "iter", "count", "enumerate"],
)  # fmt: skip
def test_work_that_is_still_to_be_done_is_no_result(
    gator: Gator, worker: Worker, lazy: Callable[[], object]
) -> None:
    """It would be done where it arrives, though some of it pickles."""
    with pytest.raises(NotPicklable, match=r"is not a value yet: return a list of it"):
        gator.task(lazy).get(60)


def test_a_closed_stdout_is_not_the_next_tasks_trouble(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with Worker(gator, threads=1):
        gator.task(lambda: sys.stdout.close()).get(60)
        assert gator.task(print, "heard").wait(60).logs() == "heard\n"


def test_a_hundred_megabytes_of_output_are_bounded_and_counted(
    gator: Gator, worker: Worker
) -> None:
    def flood() -> None:
        for _ in range(100):
            print("x" * (1 << 20))
        print("the end")

    log = gator.task(flood).wait(60).logs()
    assert len(log) < 2 << 20
    assert "bytes left out" in log
    assert log.endswith("the end\n")


def test_a_fork_that_comes_back_is_not_taken_for_the_task(
    gator: Gator, worker: Worker, tmp_path: Path
) -> None:
    """The copy ends quietly, though the code does not end it."""

    def split() -> str:
        pid = os.fork()
        if pid:
            (tmp_path / "pid").write_text(str(pid))
            os.waitpid(pid, 0)
        return "parent" if pid else "child"

    assert gator.task(split).get(60) == "parent"
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()


def test_signals_cannot_be_ignored_by_a_thread(gator: Gator, worker: Worker) -> None:
    """Python lets only the main thread set handlers, so a kernel can always be interrupted."""
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="main thread"):
        gator.task(signal.signal, signal.SIGINT, signal.SIG_IGN).get(60)
    assert signal.getsignal(signal.SIGINT) is before


def test_one_that_swallows_its_interruption_is_canceling_until_it_ends(
    gator: Gator, worker: Worker, tmp_path: Path
) -> None:
    """Nothing can stop it in a thread, and nothing else is said."""
    enough = tmp_path / "enough"

    def swallow() -> None:
        while not enough.exists():
            try:
                while not enough.exists():
                    sum(range(100))
            except BaseException:
                continue
        raise RuntimeError("ended by itself")

    task = gator.task(swallow)
    until(lambda: task.status == RUNNING)
    task.cancel()
    until(lambda: task.handle.look().cancel_step == "stopping")
    assert (task.status, task.canceling) == (RUNNING, True)
    enough.touch()
    assert task.wait(60).status == CANCELED
    assert gator.task(pow, 2, 3).get(60) == 8


def test_a_thread_that_is_left_does_not_hold_up_its_task(gator: Gator, worker: Worker) -> None:
    """It lives on in this process, and what it prints still goes to the log of its task."""
    end = threading.Event()
    ends[id(end)] = end

    def leave(which: int) -> None:
        import tests.workers.test_hostile_threads as here

        threading.Thread(target=here.ends[which].wait, daemon=True).start()

    gator.task(leave, id(end)).get(60)
    assert gator.task(pow, 2, 3).get(60) == 8
    end.set()


ends: dict[int, threading.Event] = {}
"""What ends the threads that tasks leave here; by number, for an Event does not travel."""


@pytest.mark.parametrize("how", ["exit", "segfault"])
def test_what_ends_the_whole_worker_fails_after_three(
    shared: Gator, worker_script, ledger: Ledger, how: str
) -> None:
    """Threads share the fate of their process; processes (`run_in="process"`) do not."""
    path = ledger.path

    def die() -> None:
        import ctypes
        import os

        with path.open("a") as file:
            file.write("run\n")
        if how == "exit":
            os._exit(3)
        ctypes.string_at(0)

    task = shared.task(die)
    for _ in range(3):
        one = worker_script(threads=1)
        one.end()
        shared.client.reap()
    with pytest.raises(TaskLost, match="3 lost"):
        task.get(timeout=30)
    assert (task.status, ledger.count("run")) == (FAILED, 3)
