"""Workers and pushers that die or fall silent, as real processes on one SQLite file."""

import os
import signal
import time

import pytest

from gator_nb import FAILED, RUNNING, SUCCESS, WAITING, Gator
from gator_nb.errors import TaskLost

from ..waiting import until
from .conftest import Ledger, Script

LONG = bool(os.environ.get("GATOR_NB_TEST_LONG"))


def noted(ledger: Ledger, seconds: float, word: str = "run", *, again: float | None = None):
    """A call that writes `word` into the ledger when it begins, and takes so long; `again`: when it
    is not the first that did so."""
    path = ledger.path

    def call(number: int = 0) -> int:
        import time

        first = again is None or word not in path.read_text().split()
        with path.open("a") as file:
            file.write(f"{word}\n{word}-{number}\n")
        time.sleep(seconds if first else again)
        return number

    return call


def kill_amid_a_task(worker: Script, ledger: Ledger, times: int) -> float:
    """SIGKILL once the ledger says that a task began; answers when."""
    until(lambda: ledger.count("run") >= times)
    time.sleep(0.1)
    worker.kill()
    return time.monotonic()


@pytest.mark.slow
def test_another_worker_reaps_and_runs_it_again(
    shared: Gator, worker_script, ledger: Ledger
) -> None:
    """kill -9 of a worker: its task is taken back and runs on the other one."""
    first = worker_script(threads=1)
    task = shared.task(noted(ledger, 60, again=0))
    until(lambda: ledger.count("run"))
    worker_script(threads=1)
    first.kill()
    killed = time.monotonic()
    until(lambda: ledger.count("run") == 2, seconds=10)
    print("reaped by a worker after", round(time.monotonic() - killed, 2), "s")
    assert task.get(timeout=30) == 0
    assert shared.backend.get([task.task_id])[0].losses == 1
    assert shared.verify() == []


def test_a_mere_waiter_reaps(shared: Gator, worker_script, ledger: Ledger) -> None:
    """Without any worker left, whoever waits takes the claim back, and a later worker runs it."""
    worker = worker_script(threads=1)
    task = shared.task(noted(ledger, 60))
    killed = kill_amid_a_task(worker, ledger, 1)
    with shared.client.watcher.subscribed(lambda records: None):
        until(lambda: shared.backend.get([task.task_id])[0].status == WAITING, seconds=10)
    print("reaped by a waiter after", round(time.monotonic() - killed, 2), "s")
    (record,) = shared.backend.get([task.task_id])
    assert (record.attempts, record.losses) == (1, 1)
    task.cancel()


def test_of_a_batch_only_what_had_begun_is_lost(
    shared: Gator, worker_script, ledger: Ledger
) -> None:
    """The others of the batch go back uncounted, and are claimed alone from then on."""
    worker = worker_script(threads=1)
    shared.map(abs, range(300)).wait(timeout=60)  # from now on it claims many at once
    path = ledger.path

    def first(number: int) -> int:
        import time

        with path.open("a") as file:
            file.write("run\n")
        if number == 0:
            time.sleep(60)
        return number

    group = shared.map(first, range(12))
    until(lambda: ledger.count("run") and shared.client.record(group[0].task_id).begun)
    worker.kill()
    shared.client.reap()
    records = shared.backend.get([task.task_id for task in group])
    lost = [record for record in records if record.losses]
    assert [record.id for record in lost] == [group[0].task_id]
    taken = [record for record in records if record.alone]
    assert lost[0] in taken
    assert {record.attempts for record in records if not record.losses} <= {0}
    assert shared.verify() == []
    group[0].cancel()
    worker_script(threads=1)
    group[1:].wait(timeout=30)
    assert ledger.count("run") == 12


def test_three_losses_are_the_end(shared: Gator, worker_script, ledger: Ledger) -> None:
    """A task that takes every worker with it is FAILED, and says so."""
    task = shared.task(noted(ledger, 60))
    for times in (1, 2, 3):
        kill_amid_a_task(worker_script(threads=1), ledger, times)
        shared.client.reap()
    with pytest.raises(TaskLost, match="3 lost"):
        task.get(timeout=5)
    assert (task.status, ledger.count("run")) == (FAILED, 3)


def test_a_loss_never_uses_up_a_retry(shared: Gator, worker_script, ledger: Ledger) -> None:
    """Retries are for the user's errors."""
    task = shared.options(retries=2).task(noted(ledger, 60))
    kill_amid_a_task(worker_script(threads=1), ledger, 1)
    shared.client.reap()
    assert shared.backend.get([task.task_id])[0].retries == 2


def test_a_canceled_task_of_a_dead_worker_is_canceled_unconfirmed(
    shared: Gator, worker_script, ledger: Ledger
) -> None:
    """Nobody can say whether its code stopped in time, and the record says that."""
    worker = worker_script(threads=1)
    task = shared.task(noted(ledger, 60))
    until(lambda: ledger.count("run"))
    task.cancel()
    worker.kill()
    task.wait(timeout=10)
    assert (str(task.status), task.error.endswith("stop unconfirmed")) == ("canceled", True)


SHORT_LEASE = """
    import sys
    from gator_nb import Gator, Worker
    from gator_nb.client import client
    client.THREAD_LEASE = float(sys.argv[2])
    worker = Worker(Gator(sys.argv[1]), threads=1)
    original = worker.starting
    def starting():
        original()
        print("ready", flush=True)
    worker.starting = starting
    sys.exit(worker.run_forever())
"""


@pytest.mark.slow
def test_a_stopped_worker_is_not_dead(shared: Gator, script, conn: str, ledger: Ledger) -> None:
    """SIGSTOP for longer than the lease: its lock is held, so nothing is reaped or repeated."""
    first = script(SHORT_LEASE, conn, "1.0")
    first.says("ready")
    task = shared.task(noted(ledger, 1.0))
    until(lambda: ledger.count("run"))
    first.signal(signal.SIGSTOP)
    second = script(SHORT_LEASE, conn, "1.0")
    second.says("ready")
    with shared.client.watcher.subscribed(lambda records: None):
        time.sleep(5)
    (record,) = shared.backend.get([task.task_id])
    assert (record.status, record.losses, ledger.count("run")) == (RUNNING, 0, 1)
    first.signal(signal.SIGCONT)
    assert task.get(timeout=20) == 0
    assert (task.attempts, ledger.count("run")) == (1, 1)


def in_c_code(ledger: Ledger, seconds: float):
    """A call of C code that does not let go of the interpreter's lock."""
    path = ledger.path

    def call() -> float:
        import ctypes

        with path.open("a") as file:
            file.write("run\n")
        libc = ctypes.PyDLL(None)  # PyDLL keeps the lock where CDLL would give it away
        libc.usleep(int(seconds * 1e6))
        return seconds

    return call


@pytest.mark.slow
@pytest.mark.parametrize(("seconds", "lease"), [(60.0, "20") if LONG else (5.0, "1.0")])
def test_a_worker_that_holds_the_interpreters_lock_is_not_dead(
    seconds: float, lease: str, shared: Gator, script, conn: str, ledger: Ledger
) -> None:
    """No lease is renewed while C code holds it; still nothing is lost and nothing repeated."""
    first = script(SHORT_LEASE, conn, lease)
    first.says("ready")
    task = shared.task(in_c_code(ledger, seconds))
    until(lambda: ledger.count("run"))
    second = script(SHORT_LEASE, conn, lease)
    second.says("ready")
    others = shared.map(abs, range(20))
    assert task.wait(timeout=150).status == SUCCESS
    others.wait(timeout=60)
    assert (task.attempts, ledger.count("run")) == (1, 1)
    assert shared.backend.get([task.task_id])[0].losses == 0


PUSHER = """
    import sys
    from gator_nb import Gator
    gator = Gator(sys.argv[1])
    number = 0
    while True:
        gator.options(task_id=f"task-{number}").task(abs, -number)
        print(number, flush=True)
        number += 1
"""


def test_a_pusher_killed_amid_its_pushes_leaves_every_acknowledged_one(
    shared: Gator, script, conn: str
) -> None:
    """What `push` returned for is there, whole, and runs."""
    pusher = script(PUSHER, conn)
    pusher.says("50")
    os.kill(pusher.pid, signal.SIGKILL)
    _, rest, _ = pusher.end()
    acknowledged = 51 + len(rest.split())
    ids = [f"task-{number}" for number in range(acknowledged)]
    assert all(record is not None for record in shared.backend.get(ids))
    assert shared.verify() == []
    shared.start_worker()
    shared.wait(list(shared), timeout=60)  # the last may be there unacknowledged
    assert {task.status for task in shared} == {SUCCESS}
