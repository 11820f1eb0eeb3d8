"""Tasks in processes: where they run, what they find, what they leave for the next one."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gator_nb import Gator, Worker, progress
from gator_nb.errors import NotPicklable

from ..waiting import until


def test_a_task_runs_in_another_process_which_stays_warm(gator: Gator, worker: Worker) -> None:
    first, second = gator.map(lambda _: os.getpid(), range(2)).get()
    assert first == second != os.getpid()


def test_two_tasks_run_at_once_in_two_processes(gator: Gator, two: Worker, tmp_path: Path) -> None:
    """Each waits for the other's file: one after the other would wait for ever."""

    def meet(me: str, other: str) -> bool:
        (tmp_path / me).touch()
        while not (tmp_path / other).exists():
            time.sleep(0.01)
        return True

    assert gator.map(meet, ["a", "b"], ["b", "a"]).get() == [True, True]


def test_a_child_holds_no_key(
    gator: Gator, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is signed is signed by the supervisor."""
    assert gator.task(lambda: os.environ.get("GATOR_NB_KEY")).get() is None


def test_what_it_prints_is_in_its_log_in_order(gator: Gator, worker: Worker) -> None:
    """From Python, from C, and from the processes that it starts."""

    def talk() -> None:
        print("one")
        subprocess.run(["echo", "two"], check=True)
        sys.stderr.write("three\n")
        os.write(1, b"four\n")
        logging.getLogger("mine").warning("five")

    assert gator.task(talk).wait().logs().split() == ["one", "two", "three", "four", "five"]


def test_a_hundred_megabytes_of_output_are_bounded_and_counted(
    gator: Gator, worker: Worker
) -> None:
    def flood() -> None:
        for _ in range(100):
            print("x" * (1 << 20))
        print("the end")

    log = gator.task(flood).wait().logs()
    assert len(log) < 2 << 20
    assert "bytes left out" in log
    assert log.endswith("the end\n")


def test_progress_and_metrics_travel(gator: Gator, worker: Worker) -> None:
    def train() -> None:
        for epoch in range(5):
            progress(epoch + 1, 5, loss=1 / (epoch + 1))

    task = gator.task(train).wait()
    assert task.progress is not None
    assert (task.progress.done, task.progress.total) == (5, 5)
    assert [loss for _, loss in task.metrics["loss"]] == [1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]


def test_the_next_task_finds_the_process_as_it_was(gator: Gator, worker: Worker) -> None:
    """Folder, environment, signal handlers, streams, import path and logging are put back."""

    def spoil() -> int:
        os.chdir("/")
        os.environ["SPOILED"] = "yes"
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.path.insert(0, "/spoiled")
        sys.stdout.close()
        logging.basicConfig(level=logging.DEBUG)
        return os.getpid()

    def look() -> tuple[int, str, str | None, bool, list[str], int]:
        print("heard")
        ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
        folder, spoiled = str(Path.cwd()), os.environ.get("SPOILED")
        return os.getpid(), folder, spoiled, ignored, sys.path[:1], len(logging.root.handlers)

    pid = gator.task(spoil).get()
    task = gator.task(look)
    assert task.get()[:4] == (pid, str(Path.cwd()), None, False)
    assert task.get()[4] != ["/spoiled"]
    assert task.get()[5] == 0
    assert task.logs() == "heard\n"


def test_a_thread_that_is_left_costs_the_process(gator: Gator, worker: Worker) -> None:
    """It cannot be stopped alone, and must not write into the next task's log."""

    def leave() -> int:
        threading.Thread(target=lambda: time.sleep(600), daemon=True).start()
        return os.getpid()

    assert gator.task(leave).get() != gator.task(os.getpid).get()


def test_a_grandchild_that_left_its_session_ends_with_its_task(
    gator: Gator, worker: Worker
) -> None:
    def leave() -> int:
        return subprocess.Popen(["sleep", "600"], start_new_session=True).pid

    grandchild = gator.task(leave).get()
    assert not Path(f"/proc/{grandchild}/cmdline").exists() or gone(grandchild)


def gone(pid: int) -> bool:
    """Dead, though its parent may not have asked yet."""
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "Z"


def test_a_fork_that_comes_back_is_not_taken_for_the_task(gator: Gator, worker: Worker) -> None:
    """The copy ends quietly; the task's result is the original's."""

    def split() -> str:
        return "child" if os.fork() == 0 else "parent"

    assert gator.task(split).get() == "parent"
    assert gator.task(pow, 2, 3).get() == 8


def test_a_result_that_does_not_pickle_fails_with_its_name(gator: Gator, worker: Worker) -> None:
    with pytest.raises(NotPicklable, match="lock"):
        gator.task(threading.Lock).get()


def test_leaving_by_an_exception_of_another_kind_is_a_failure(gator: Gator, worker: Worker) -> None:
    """SystemExit and KeyboardInterrupt of the task's own end it, not its process."""

    def leave(kind: type[BaseException]) -> None:
        raise kind

    first = gator.task(os.getpid).get()
    for kind in (SystemExit, KeyboardInterrupt):
        with pytest.raises(kind):
            gator.task(leave, kind).get()
    assert gator.task(os.getpid).get() == first


def test_a_module_that_was_edited_is_loaded_anew(
    gator: Gator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that has loaded the old one is replaced."""
    module = tmp_path / "mine.py"
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    module.write_text("VALUE = 1\n")

    def look() -> int:
        import importlib

        return importlib.import_module("mine").VALUE  # by its name, so that it does not travel

    with Worker(gator, processes=1):
        assert gator.task(look).get() == 1
        module.write_text("VALUE = 22\n")
        os.utime(module, (1, 1))
        assert gator.task(look).get() == 22


def test_a_module_that_is_edited_while_a_task_runs_is_loaded_anew(
    gator: Gator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task that runs has the old one; the next task never gets it."""
    module, go = tmp_path / "mine.py", tmp_path / "go"
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    module.write_text("VALUE = 1\n")

    def look(wait: bool) -> int:
        import importlib
        import time

        found = importlib.import_module("mine")  # by its name, so that it does not travel
        print("loaded")
        while wait and not go.exists():
            time.sleep(0.01)
        return found.VALUE

    with Worker(gator, processes=1):
        first = gator.task(look, True)
        until(lambda: "loaded" in first.logs())
        module.write_text("VALUE = 22\n")
        go.touch()
        assert first.get(30) == 1
        assert gator.task(look, False).get(30) == 22


def test_the_memory_of_each_task_is_its_own(gator: Gator, worker: Worker) -> None:
    def hold(megabytes: int) -> int:
        return len(bytearray(b"x") * (megabytes << 20))

    large, small = gator.task(hold, 200).wait(), gator.task(hold, 1).wait()
    peaks = [one.handle.look().peak_memory for one in (large, small)]
    assert peaks[0] > 200 << 20 > peaks[1] > 0


@pytest.mark.slow
def test_what_one_task_has_seeded_the_next_does_not_draw(gator: Gator, worker: Worker) -> None:
    """Nor does it find the other's clock, profiler or signal handlers."""

    def change() -> int:
        import random
        import time

        import numpy as np

        random.seed(0)
        np.random.seed(0)
        os.environ["TZ"] = "Asia/Kathmandu"
        time.tzset()
        sys.setprofile(lambda *_: None)
        return os.getpid()

    def draw() -> tuple[int, float, float, int, bool]:
        import random
        import time

        import numpy as np

        drawn = random.random(), float(np.random.random())
        return os.getpid(), *drawn, time.timezone, sys.getprofile() is None

    before = gator.task(draw).get(60)
    pid = gator.task(change).get(60)
    after = gator.task(draw).get(60)
    assert before[0] == pid == after[0]
    assert abs(after[1] - 0.84442185) > 1e-6, "what seed(0) gives first"
    assert abs(after[2] - 0.5488135) > 1e-6
    assert after[3:] == before[3:]
