"""`Worker.stop` and the end of the interpreter."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import RUNNING, SUCCESS, WAITING, Gator, Worker, progress
from gator_nb.client.workforce import why_nobody_begins, workers
from gator_nb.errors import TaskLost

from ..waiting import Gate, until
from .conftest import Ledger, our_threads


def endless() -> None:
    n = 0
    while True:
        n += 1
        progress(n)


def test_stop_waits_for_what_runs_and_gives_the_rest_back(gator: Gator, tmp_path: Path) -> None:
    """Without a timeout it takes as long as it takes."""
    gate = Gate(tmp_path / "gate")
    worker = Worker(gator, threads=1).start()
    running, *rest = gator.map(lambda wait: gate.wait() if wait else None, [True, False, False])
    until(lambda: running.status == RUNNING)
    threading.Timer(0.3, gate.open).start()
    assert worker.stop() is True
    assert running.status == SUCCESS
    assert {(task.status, task.attempts) for task in rest} == {(WAITING, 0)}
    assert not worker.running


def test_a_worker_that_ends_says_so(gator: Gator, tmp_path: Path) -> None:
    """While it finishes what runs, others see why it takes nothing more, and that nobody else is
    there; once it has left, its name is still known."""
    over = tmp_path / "over"

    def patient() -> None:
        while not over.exists():
            time.sleep(0.02)

    worker = Worker(gator, threads=1, name="lab-1", has={"license": 2}).start()
    task = gator.task(patient)
    until(lambda: task.status == RUNNING)
    (seen,) = workers(gator.backend)
    assert not seen.presence.draining
    assert "license=2" in seen.presence.has
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    until(lambda: workers(gator.backend)[0].presence.draining)
    other = gator.task(pow, 2, 10)
    assert "none serves that queue" in str(why_nobody_begins(gator.backend, [other.task_id]))
    over.touch()
    stopping.join()
    assert workers(gator.backend) == []
    assert gator.backend.worker_names() == {worker.id: "lab-1"}


def test_after_the_timeout_what_runs_is_interrupted_and_goes_back(gator: Gator) -> None:
    """Interrupted code that stops waits again, and the try does not count."""
    worker = Worker(gator, threads=1).start()
    task = gator.task(endless)
    until(lambda: task.status == RUNNING)
    assert worker.stop(timeout=0.2) is True
    assert (task.status, task.attempts) == (WAITING, 0)
    with Worker(gator):
        until(lambda: task.status == RUNNING)
        task.cancel().wait(timeout=10)


class InC:
    """C code that no interruption ends, until its test lets it go on: a read of an empty pipe."""

    def __init__(self) -> None:
        self.far, near = os.pipe()
        self._near = os.fdopen(near, "wb")

    def let_go(self) -> None:
        """This read, and each that comes later."""
        self._near.close()


@pytest.fixture
def in_c() -> Iterator[InC]:
    one = InC()
    yield one
    one.let_go()
    os.close(one.far)


@pytest.mark.slow
def test_what_cannot_be_stopped_keeps_its_claim(gator: Gator, in_c: InC) -> None:
    """C code runs on, and nobody else may run its task meanwhile; its result counts in the end."""
    worker = Worker(gator, threads=1).start()
    task = gator.task(os.read, in_c.far, 1)
    until(lambda: task.status == RUNNING)
    assert worker.stop(timeout=0.1) is False
    with Worker(gator, threads=1):
        time.sleep(0.8)
        assert (task.status, task.attempts) == (RUNNING, 1)
        in_c.let_go()
        task.wait(timeout=30)
    assert task.attempts <= 2
    until(lambda: our_threads() in ([], ["gator_nb watcher"]))


@pytest.mark.slow
def test_a_store_that_is_closed_before_the_code_has_stopped_lets_go_of_it_then(
    shared: Gator, conn: str, in_c: InC, caplog: pytest.LogCaptureFixture
) -> None:
    """The task is lost once its code has ended, not before; who closed the store hears no more."""
    with Gator(conn) as other:
        worker = Worker(other, threads=1).start()
        task = shared.options(on_lost="fail").task(os.read, in_c.far, 1)
        until(lambda: task.status == RUNNING)
        assert worker.stop(timeout=0.1) is False
    caplog.clear()
    shared.client.reap()
    assert task.status == RUNNING
    in_c.let_go()
    until(lambda: "gator_nb worker" not in our_threads())
    task.wait(timeout=20)
    assert isinstance(task.handle.exception(), TaskLost)
    assert caplog.messages == []


def test_a_worker_can_be_started_again(gator: Gator) -> None:
    """Start, stop, start: each serves."""
    worker = Worker(gator, threads=1)
    for n in range(3):
        with worker:
            assert gator.task(abs, -n).get(timeout=10) == n


def test_stop_before_start_and_twice_is_harmless(gator: Gator) -> None:
    """There is nothing to stop then."""
    worker = Worker(gator)
    assert worker.stop() is True
    worker.start()
    assert worker.stop() is True
    assert worker.stop() is True


EXITING = """
    import sys, time
    from gator_nb import Gator

    conn, ledger = sys.argv[1:]
    gator = Gator(conn)

    def work(number):
        import time
        with open(ledger, "a") as file:
            file.write(f"begin-{number}\\n")
        end = time.monotonic() + (30 if number == 2 else 0.05)
        while time.monotonic() < end:
            pass
        with open(ledger, "a") as file:
            file.write(f"end-{number}\\n")
        return number

    group = gator.map(work, range(10))
    gator.start_worker(threads=1)
    while not group[2].status == 6:
        time.sleep(0.01)
    time.sleep(0.2)
    print("leaving", flush=True)
"""


def test_a_script_that_ends_loses_nothing(shared: Gator, script, conn: str, ledger: Ledger) -> None:
    """At the interpreter's end everything is done or waits again, and the end is prompt."""
    one = script(EXITING, conn, str(ledger.path))
    one.says("leaving")
    left = time.monotonic()
    code, _, err = one.end()
    assert code == 0, err
    assert err == ""
    assert time.monotonic() - left < 10
    tasks = list(reversed(list(shared)))
    assert [task.result for task in tasks[:2]] == [0, 1]
    assert {(task.status, task.attempts) for task in tasks[2:]} == {(WAITING, 0)}
    assert shared.backend.presences() == []
    assert not left_behind(one.pid)
    assert shared.verify() == []


STUCK = """
    import sys, time
    from gator_nb import Gator

    gator = Gator(sys.argv[1])
    task = gator.task(time.sleep, 30)
    gator.start_worker(threads=1)
    while task.status != 6:
        time.sleep(0.01)
    print("leaving", flush=True)
"""


@pytest.mark.slow
def test_a_script_that_ends_amid_c_code_ends_all_the_same(shared: Gator, script, conn: str) -> None:
    """What could not be stopped is lost with its process, counted, and runs again."""
    one = script(STUCK, conn)
    one.says("leaving")
    left = time.monotonic()
    code, _, _ = one.end()
    assert code == 0
    assert time.monotonic() - left < 10
    shared.client.reap()
    (record,) = shared.backend.page().records
    assert (record.status, record.losses) == (WAITING, 1)
    assert not left_behind(one.pid)


def left_behind(pid: int) -> list[Path]:
    """Files of a process that has ended in the folder of locks and sockets."""
    from gator_nb.host.places import runtime_folder

    return [path for path in runtime_folder().rglob("*") if str(pid) in path.name.split("-")]
