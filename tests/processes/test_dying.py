"""When the process of a task dies by itself: a loss, a certificate, another process."""

import ctypes
import os
import signal
import time
from pathlib import Path

import pytest

from gator_nb import Gator, Status, Worker, progress
from gator_nb.constants import MAX_LOSSES
from gator_nb.errors import TaskLost


def test_it_runs_again_in_another_process(gator: Gator, worker: Worker, tmp_path: Path) -> None:
    """A loss is no error: the user's retries stay."""

    def die_once() -> str:
        if not (tmp_path / "tried").exists():
            (tmp_path / "tried").touch()
            os._exit(9)
        return "survived"

    task = gator.options(retries=2).task(die_once)
    assert task.get(60) == "survived"
    assert (task.attempts, task.retries, task.handle.look().losses) == (2, 2, 1)
    assert "exit code 9" in task.logs()


class Deadly:
    """Whoever unpickles it dies."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (3,)


def test_after_three_deaths_it_has_failed(gator: Gator, worker: Worker) -> None:
    """Each try is counted before anything of the call is unpickled: so it has an end."""
    task = gator.task(print, Deadly())
    with pytest.raises(TaskLost, match="exit code 3"):
        task.get(60)
    assert (task.status, task.attempts) == (Status.FAILED, MAX_LOSSES)
    assert task.handle.look().losses == MAX_LOSSES


def test_the_certificate_tells_signal_memory_progress_and_last_words(
    gator: Gator, worker: Worker
) -> None:
    def crash() -> None:
        progress(3, 10)
        print("about to crash", flush=True)
        time.sleep(0.3)
        ctypes.string_at(0)

    task = gator.task(crash)
    with pytest.raises(
        TaskLost, match=r"crashed with SIGSEGV .* peak memory .* last progress 3 of 10"
    ):
        task.get(60)
    assert "about to crash" in task.traceback
    assert "string_at" in task.logs()  # the Python lines of a crash


def test_a_kill_from_outside_is_likely_for_want_of_memory(gator: Gator, worker: Worker) -> None:
    task = gator.task(lambda: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(TaskLost, match=r"SIGKILL .*out of memory"):
        task.get(60)


def test_children_that_do_not_come_up_are_told_of(
    gator: Gator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An environment that breaks Python is in the worker's log, with what Python said."""
    (tmp_path / "sitecustomize.py").write_text("raise SystemExit('no Python today')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    from tests.waiting import until

    with Worker(gator, processes=1):
        until(lambda: "no Python today" in caplog.text)
