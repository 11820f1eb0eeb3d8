"""`gator-nb worker` in a process of its own: signals, limits, exit codes, its log."""

import signal
import subprocess
from pathlib import Path

import pytest

from gator_nb import CANCELED, RUNNING, SUCCESS, WAITING, Gator, errors

from ..waiting import until
from .conftest import Serve, new_store, run_elsewhere


@pytest.fixture(params=["sqlite", pytest.param("valkey", marks=pytest.mark.slow)])
def dsn(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new store; on a server only the slow run has them all."""
    return new_store(request.param, tmp_path)


def begin_and_wait(path: str) -> str:
    """Python code that goes on until there is a file; a file beside it tells that it has begun."""
    import pathlib
    import time

    pathlib.Path(f"{path}.begun").touch()
    while not pathlib.Path(path).exists():
        time.sleep(0.01)
    return "done"


def in_c_code(begun: str) -> None:
    """Nothing stops a thread there."""
    import pathlib
    import time

    pathlib.Path(begun).touch()
    time.sleep(120)


def test_the_log_is_an_object_a_line(serve: Serve, gator: Gator) -> None:
    """Time, level, event and message in each; of a task its id, label, queue and seconds."""
    worker = serve("--threads", "2", "--name", "gpu", "--max-tasks", "2")
    starting = worker.says("starting")
    assert (starting["worker"], starting["slots"], starting["queues"]) == ("gpu", 2, None)
    good = gator.options(queue="other").task(pow, 2, 10)
    bad = gator.task(divmod, 7, 0)
    assert worker.end() == (0, "")
    assert (good.status, bad.error) == (
        SUCCESS,
        "ZeroDivisionError: integer division or modulo by zero",
    )
    assert all({"time", "level", "event", "message"} <= line.keys() for line in worker.lines)
    ended = {line["task_id"]: line for line in worker.lines if "task_id" in line}
    assert ended[good.task_id]["event"] == "success"
    assert (ended[good.task_id]["label"], ended[good.task_id]["queue"]) == ("pow", "other")
    assert ended[bad.task_id]["event"] == "failed"
    assert "ZeroDivisionError" in ended[bad.task_id]["message"]
    assert ended[bad.task_id]["seconds"] >= 0
    stopped = worker.lines[-1]
    assert (stopped["event"], stopped["tasks"], stopped["exit_code"]) == ("stopped", 2, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains(
    serve: Serve, gator: Gator, tmp_path: Path, number: signal.Signals
) -> None:
    """What runs finishes, nothing more begins, and the exit code is 0."""
    worker = serve("--threads", "1")
    running = gator.task(begin_and_wait, str(tmp_path / "go"))
    until((tmp_path / "go.begun").exists, 30)
    waiting = gator.task(pow, 2, 10)
    worker.process.send_signal(number)
    assert worker.says("draining")["running"] == 1
    (tmp_path / "go").touch()
    assert worker.end() == (0, "")
    assert running.result == "done"
    assert (waiting.status, waiting.attempts) == (WAITING, 0)
    assert not [one for one in gator.backend.presences() if one.kind == "worker"]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
def test_a_second_signal_interrupts(
    serve: Serve, gator: Gator, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """What was interrupted waits again, uncounted; the exit code tells which signal it was."""
    worker = serve("--threads", "1")
    task = gator.task(begin_and_wait, str(tmp_path / "never"))
    until((tmp_path / "never.begun").exists, 30)
    worker.process.send_signal(signal.SIGTERM)
    worker.says("draining")
    worker.process.send_signal(number)
    assert worker.end() == (code, "")
    assert (task.status, task.attempts) == (WAITING, 0)
    assert worker.events()[-2:] == ["interrupting", "stopped"]


def test_a_drain_may_be_bounded(serve: Serve, gator: Gator, tmp_path: Path) -> None:
    """After --grace what runs is interrupted; given back is not lost, so the exit code is 0."""
    worker = serve("--threads", "1", "--grace", "200ms")
    task = gator.task(begin_and_wait, str(tmp_path / "never"))
    until((tmp_path / "never.begun").exists, 30)
    worker.process.send_signal(signal.SIGTERM)
    assert worker.end() == (0, "")
    assert (task.status, task.attempts) == (WAITING, 0)


@pytest.mark.slow
def test_what_cannot_be_stopped_is_told(serve: Serve, gator: Gator, tmp_path: Path) -> None:
    """C code in a thread: the worker goes, the exit code is 1, and the task is known as lost."""
    worker = serve("--threads", "1", "--grace", "100ms")
    task = gator.options(on_lost="fail").task(in_c_code, str(tmp_path / "begun"))
    until((tmp_path / "begun").exists, 30)
    worker.process.send_signal(signal.SIGTERM)
    code, err = worker.end()
    assert (code, err) == (1, "")
    stopped = worker.lines[-1]
    assert (stopped["event"], stopped["unsettled"], stopped["exit_code"]) == ("stopped", 1, 1)
    gator.client.reap()
    until(task.done)
    assert isinstance(task.handle.exception(), errors.TaskLost)


def test_max_time_drains(serve: Serve, gator: Gator) -> None:
    """Nothing has to run for it."""
    worker = serve("--max-time", "300ms")
    assert worker.end() == (0, "")
    assert "is over" in worker.says("draining")["why"]


def test_the_first_signal_amid_a_drain_cuts_nothing_short(
    serve: Serve, gator: Gator, tmp_path: Path
) -> None:
    """Whoever stops a service does not know that its time was over: what runs still finishes."""
    worker = serve("--threads", "1", "--max-time", "200ms")
    task = gator.task(begin_and_wait, str(tmp_path / "go"))
    worker.says("draining")
    worker.process.send_signal(signal.SIGTERM)
    until(lambda: worker.events().count("draining") == 2, 30)
    (tmp_path / "go").touch()
    assert worker.end() == (0, "")
    assert task.status in (SUCCESS, WAITING)  # it may have come too late to be begun


@pytest.mark.slow
def test_idle_exit_waits_for_work_first(serve: Serve, gator: Gator, tmp_path: Path) -> None:
    """A long task is no idleness, and neither is what comes in between."""
    worker = serve("--threads", "1", "--idle-exit", "500ms")
    task = gator.task(begin_and_wait, str(tmp_path / "go"))
    until(lambda: task.status == RUNNING, 30)
    with pytest.raises(subprocess.TimeoutExpired):  # longer than the limit: it runs all the while
        worker.process.wait(0.8)
    (tmp_path / "go").touch()
    assert worker.end() == (0, "")
    assert task.status == SUCCESS
    assert "nothing to run" in worker.says("draining")["why"]


def test_it_serves_the_queues_that_it_is_told(serve: Serve, gator: Gator) -> None:
    """However they are called."""
    odd = "größer als 'x' [red]*"
    served = gator.options(queue=odd).task(pow, 2, 10)
    spared = gator.options(queue="other").task(pow, 2, 11)
    worker = serve("--queue", odd, "--queue", "second", "--idle-exit", "300ms")
    assert worker.end() == (0, "")
    assert worker.says("starting")["queues"] == [odd, "second"]
    assert (served.status, spared.status) == (SUCCESS, WAITING)


def test_two_workers_of_one_name(serve: Serve, gator: Gator) -> None:
    """Both work; the second is told, and shown with a number."""
    first = serve("--name", "gpu", "--threads", "1")
    first.says("starting")
    until(lambda: [one for one in gator.backend.presences() if one.kind == "worker"], 30)
    second = serve("--name", "gpu", "--threads", "1")
    assert "another worker is called gpu" in second.says("name-taken")["message"]
    assert second.says("starting")["worker"] == "gpu-2"
    for worker in (first, second):
        worker.process.send_signal(signal.SIGTERM)
        assert worker.end() == (0, "")


def test_a_cancel_reaches_it(serve: Serve, gator: Gator, tmp_path: Path, dsn: str) -> None:
    """From another process, and is said only when the code has stopped."""
    serve("--threads", "1")
    task = gator.task(begin_and_wait, str(tmp_path / "never"))
    until((tmp_path / "never.begun").exists, 30)
    told = run_elsewhere("cancel", task.task_id, "--wait", "--store", dsn)
    assert (told.code, told.err) == (0, "1 task canceled\n")
    until(lambda: task.status == CANCELED)


def test_lines_for_people_go_to_standard_error(dsn: str, gator: Gator) -> None:
    """One a line, with the time and the level; standard output stays empty."""
    gator.task(pow, 2, 10)
    told = run_elsewhere("worker", dsn, "--max-tasks", "1")
    assert (told.code, told.out) == (0, "")
    serving, success, stopped = told.err.splitlines()
    assert f"serving every queue of {gator.conn_string}" in serving
    assert "success: pow" in success
    assert stopped.endswith("stopped after 1 task")


def test_processes_stop_whatever_they_run(serve: Serve, gator: Gator, tmp_path: Path) -> None:
    """What a thread could not leave, a process gives back at the second signal."""
    worker = serve("--processes", "1")
    task = gator.options(run_in="process").task(in_c_code, str(tmp_path / "begun"))
    until((tmp_path / "begun").exists, 30)
    assert worker.says("starting")["slots"] == 1
    worker.process.send_signal(signal.SIGTERM)
    worker.says("draining")
    worker.process.send_signal(signal.SIGTERM)
    assert worker.end()[0] == 128 + signal.SIGTERM
    assert (task.status, task.attempts) == (WAITING, 0)


def test_it_says_what_it_has(serve: Serve, gator: Gator) -> None:
    """For tasks that need it; an amount that is none is wrong use."""
    serve("--threads", "1", "--has", "license=2", "--has", "memory=64GB").says("starting")
    assert gator.options(needs={"license": 2, "memory": "60GB"}).task(pow, 2, 10).get(60) == 1024
    assert serve("--has", "license").process.wait(30) == 2


def test_what_c_code_and_programs_of_tasks_print_is_marked_in_their_logs(
    serve: Serve, gator: Gator
) -> None:
    """And the worker's own log stays what it is: an object a line."""

    def work() -> None:
        import ctypes
        import subprocess

        ctypes.CDLL(None).printf(b"from C\n")
        subprocess.run(["echo", "from a program"], check=True)
        print("from Python")

    worker = serve("--threads", "1", "--max-tasks", "1")
    task = gator.task(work)
    assert worker.end() == (0, "")
    log = task.logs()
    assert "from Python\n" in log
    for text in ("from C", "from a program"):
        assert f"[from C code, of this task or of what ran beside it] {text}\n" in log
    assert worker.events()[-1] == "stopped"
