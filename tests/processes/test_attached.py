"""A worker process beside a notebook, and the deaths of either."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import Gator, Status
from gator_nb.host.process_tree import marked
from gator_nb.workers.worker_process import WorkerProcess
from tests.waiting import until


def gone(pid: int) -> bool:
    """Dead, though its parent may not have asked yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


@pytest.fixture
def beside(gator: Gator) -> Iterator[WorkerProcess]:
    """A worker with one process, in a process of its own."""
    worker = WorkerProcess(gator.backend.address, ["all"], 1).start().wait_until_ready()
    yield worker
    worker.stop(0)


@pytest.mark.parametrize("detach", [False, True])
def test_it_can_be_stopped_before_it_is_up(gator: Gator, detach: bool) -> None:
    worker = WorkerProcess(gator.backend.address, ["all"], 1, detach=detach).start()
    assert worker.stop(0)
    assert not worker.running


def test_kill_9_takes_its_tasks_and_their_processes_with_it(
    gator: Gator, beside: WorkerProcess
) -> None:
    """Whoever takes its tasks over ends what they have left on this host first."""

    def leave() -> None:
        left = subprocess.Popen(["sleep", "600"], start_new_session=True)
        print(left.pid, flush=True)
        time.sleep(600)

    task = gator.task(leave)
    until(lambda: task.logs().strip())
    (grandchild,) = (int(line) for line in task.logs().split())
    assert beside.pid is not None
    os.kill(beside.pid, signal.SIGKILL)
    with gator.client.watcher.subscribed(lambda _: None):
        until(lambda: task.status is Status.WAITING)
    until(lambda: gone(grandchild))
    assert not marked(f"{beside.id}:")
    assert task.handle.look().losses == 1
    task.cancel()


@pytest.mark.slow
@pytest.mark.skipif("sys.platform != 'linux'")
def test_kill_9_takes_what_holds_the_interpreter_at_once(
    gator: Gator, beside: WorkerProcess
) -> None:
    """Nobody looks after it here, and no thread of the child can see that its worker is gone."""

    def stuck() -> None:
        import ctypes

        print("stuck", flush=True)
        ctypes.PyDLL(None).usleep(20_000_000)

    task = gator.task(stuck)
    until(lambda: task.logs().strip() and _interpreter_is_held(f"{beside.id}:"), 30)
    assert beside.pid is not None
    os.kill(beside.pid, signal.SIGKILL)
    until(lambda: not any(not gone(pid) for pid in marked(f"{beside.id}:")), 5)
    task.cancel()


def _interpreter_is_held(mark: str) -> bool:
    """Whether the main thread of that child is in a sleep of C's."""
    calls = [Path(f"/proc/{pid}/wchan").read_text() for pid in marked(mark)]
    return bool(calls) and all("nanosleep" in call for call in calls)


@pytest.mark.slow
def test_a_stopped_worker_is_not_dead(gator: Gator, beside: WorkerProcess) -> None:
    """SIGSTOP: its tasks run on, nothing is reaped, and their results count afterwards."""
    task = gator.task(lambda: time.sleep(1.0) or os.getpid())
    until(lambda: task.status is Status.RUNNING)
    assert beside.pid is not None
    os.kill(beside.pid, signal.SIGSTOP)
    try:
        time.sleep(1.5)
        assert gator.client.reap() == []
        assert task.status is Status.RUNNING
    finally:
        os.kill(beside.pid, signal.SIGCONT)
    assert task.get(60) > 0
    assert (task.attempts, task.handle.look().losses) == (1, 0)


NOTEBOOK = """
    import os, sys, time
    from gator_nb.workers.worker_process import WorkerProcess
    worker = WorkerProcess(sys.argv[1], ["all"], 1).start()
    if "ready" in sys.argv:
        worker.wait_until_ready()
    if os.fork() == 0:
        time.sleep(600)
    print(worker.pid, flush=True)
    time.sleep(600)
"""
"""A notebook whose pool of processes (a fork) shares every file that it has open."""


@pytest.mark.parametrize("when", ["ready", "starting"])
def test_it_ends_with_a_notebook_that_was_killed(gator: Gator, tmp_path: Path, when: str) -> None:
    """However early, and though a fork of the notebook lives on and holds the lifeline open."""
    script = tmp_path / "notebook.py"
    script.write_text(textwrap.dedent(NOTEBOOK))
    command = [sys.executable, str(script), gator.backend.address, when]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as notebook:
        assert notebook.stdout is not None
        worker = int(notebook.stdout.readline())
        notebook.kill()
        try:
            until(lambda: gone(worker), 30)
        finally:
            os.killpg(notebook.pid, signal.SIGKILL)  # the fork
    until(lambda: gator.backend.presences() == [] or gator.client.reap() == [])


def test_the_end_of_a_notebook_cuts_a_patient_stop_short(
    gator: Gator, beside: WorkerProcess
) -> None:
    """Told to let its task finish, it does not outlive the notebook all the same."""
    task = gator.task(time.sleep, 600)
    until(lambda: task.status is Status.RUNNING)
    beside._tell({"stop": None})
    assert beside._process is not None
    assert beside._process.stdin is not None
    beside._process.stdin.close()
    until(lambda: not beside.running)
    until(lambda: task.status is Status.WAITING)
    task.cancel()


def test_what_hides_from_it_ends_with_its_parent(gator: Gator, beside: WorkerProcess) -> None:
    """A process in a session of its own that has lost its environment, too."""

    def hide() -> None:
        left = subprocess.Popen(["sleep", "600"], start_new_session=True, env={})
        print(left.pid, flush=True)
        time.sleep(0.5)  # the pid shows
        os.kill(os.getpid(), signal.SIGKILL)

    task = gator.options(on_lost="fail").task(hide).wait(60)
    assert task.status is Status.FAILED
    until(lambda: gone(int(task.logs().split()[0])))
    assert gator.task(pow, 2, 10).get(timeout=60) == 1024


def test_it_has_what_it_was_told(gator: Gator) -> None:
    """So tasks with needs run on it; another amount is refused as long as it runs."""
    gator.start_worker(processes=1, has={"license": 1})
    assert gator.options(needs={"license": 1}).task(pow, 2, 10).get(timeout=60) == 1024
    with pytest.raises(ValueError, match=r"1 processes run already with has=.*license.*: 1"):
        gator.start_worker(processes=1, has={"license": 2})
