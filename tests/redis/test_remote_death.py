"""What happens to the tasks of workers that are killed or fall silent, here and elsewhere."""

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import RUNNING, SUCCESS, WAITING, Gator
from gator_nb.constants import PROCESS_LEASE, RENEW_EVERY

from ..waiting import until
from .hosts import Host, RemoteWorker
from .ledger import History, Ledger, records_of
from .servers import RunningServer

pytestmark = pytest.mark.slow

LEASE = 2.0


@pytest.fixture
def gator(server: RunningServer) -> Iterator[Gator]:
    history = History()
    with Gator(server.dsn()) as opened, opened.client.watcher.subscribed(history.note):
        yield opened
        assert (opened.verify(), history.faults()) == ([], [])


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Host]:
    """Another host."""
    host = Host(tmp_path, elsewhere=True)
    yield host
    host.close()


@pytest.fixture
def yonder(tmp_path: Path) -> Iterator[Host]:
    """A third one."""
    host = Host(tmp_path, elsewhere=True)
    yield host
    host.close()


def status_of(gator: Gator, task_id: str) -> object:
    (record,) = gator.backend.get([task_id])
    return record and record.status


# -- on this host: the lock decides ------------------------------------------------------------


def test_a_killed_worker_loses_only_what_ran(gator: Gator, here: Host, ledger: Ledger) -> None:
    """What waited behind it runs elsewhere once; what it ran, which is lost, runs again. Of what
    had just begun the store knows nothing yet: such a try is not counted."""
    first = here.worker(gator.backend.address, threads=2)
    group = gator.map(ledger.call(0.5), range(20))
    ids = [task.task_id for task in group]

    def under_way() -> set[str]:
        known = [record for record in gator.backend.get(ids) if record is not None]
        running = {one.id for one in known if one.status is RUNNING and one.begun}
        return running - ledger.ended().keys()

    until(lambda: len(ledger.ended()) >= 2 and len(under_way()) == 2)
    first.kill()
    here.worker(gator.backend.address, threads=2)
    assert group.get(timeout=60) == list(range(20))
    records = gator.backend.get(ids)
    lost = {record.id for record in records if record.losses}
    again = {task_id for task_id, times in ledger.began().items() if times > 1}
    assert len(lost) <= 2
    assert again <= lost
    assert set(ledger.ended().values()) == {1}


def test_a_stopped_worker_keeps_its_task(
    gator: Gator, here: Host, there: Host, ledger: Ledger
) -> None:
    """SIGSTOP for several leases: its lock is held, so nothing is taken from it. Nor by another
    host, which sees the lease alone: those who see the lock renew it."""
    worker = here.worker(gator.backend.address, lease=LEASE)
    task = gator.task(ledger.call(1.0))
    until(lambda: ledger.began())
    with worker.paused():
        here.worker(gator.backend.address, lease=LEASE)
        there.worker(gator.backend.address, lease=LEASE)
        time.sleep(3 * LEASE)
        assert status_of(gator, task.task_id) == RUNNING
    assert task.wait(timeout=60).attempts == 1
    assert ledger.began()[task.task_id] == 1


# -- on another host: the lease decides --------------------------------------------------------


def test_a_worker_of_another_host_that_is_silent_for_less_than_its_lease_keeps_its_task(
    gator: Gator, there: Host, yonder: Host, ledger: Ledger
) -> None:
    worker = there.worker(gator.backend.address, lease=20)
    yonder.worker(gator.backend.address, lease=20)
    task = gator.task(ledger.call(1.0))
    until(lambda: ledger.began())
    holder = holder_of(gator, task.task_id, there, yonder)
    with holder.paused():
        time.sleep(4)
    assert task.wait(timeout=60).attempts == 1
    assert ledger.began()[task.task_id] == 1
    assert worker.process.poll() is None


def test_a_worker_of_another_host_that_is_silent_for_longer_loses_its_task(
    gator: Gator, there: Host, yonder: Host, ledger: Ledger
) -> None:
    """Another one runs it, and what the first comes back with is dropped and counted."""
    first = there.worker(gator.backend.address, lease=LEASE)
    task = gator.task(ledger.call(1.5))
    until(lambda: ledger.began())
    with first.paused():
        second = yonder.worker(gator.backend.address, lease=LEASE)
        assert task.wait(timeout=60).status == SUCCESS
    (record,) = gator.backend.get([task.task_id])
    assert (record.attempts, record.losses, record.worker) == (2, 1, second.presence_id)
    version = record.version
    assert gator.map(ledger.call(), range(20)).wait(timeout=60).counts() == {SUCCESS: 20}
    # By then the first one has come back, and has not touched what it lost.
    assert first.end()[0] == 0
    assert gator.backend.get([task.task_id])[0].version == version


def test_a_worker_that_comes_back_before_anybody_else_has_begun_its_tasks_goes_on(
    gator: Gator, there: Host, ledger: Ledger
) -> None:
    """It adopts what still runs, and what has ended counts: nothing is repeated, nothing lost."""
    worker = there.worker(gator.backend.address, threads=2, lease=LEASE)
    tasks = [gator.task(ledger.call(0.5)), gator.task(ledger.call(4 * LEASE))]
    until(lambda: len(ledger.began()) == 2)
    with worker.paused():
        until(lambda: {status_of(gator, task.task_id) for task in tasks} == {WAITING}, 30)
    gator.wait(tasks, timeout=60)
    records = gator.backend.get([task.task_id for task in tasks])
    assert {(one.status, one.attempts, one.losses) for one in records} == {(SUCCESS, 1, 0)}
    assert set(ledger.began().values()) == {1}
    assert worker.end() == (0, 0)


def test_a_result_that_comes_too_late_is_dropped_and_counted(
    gator: Gator, there: Host, yonder: Host, ledger: Ledger
) -> None:
    """Its code had ended before the worker could hear that its claim was gone."""
    first = there.worker(gator.backend.address, lease=LEASE)

    def stuck_in_c(seconds: float) -> str:
        import ctypes

        ctypes.PyDLL(None).usleep(int(seconds * 1e6))  # keeps the interpreter's lock
        return "late"

    task = gator.task(stuck_in_c, 8.0)
    until(lambda: status_of(gator, task.task_id) == RUNNING)
    until(lambda: status_of(gator, task.task_id) == WAITING, 60)
    assert gator.pop().task_id == task.task_id
    code, fenced = first.end()
    assert (code, fenced) == (0, 1)
    assert (task.attempts, task.status) == (2, SUCCESS)


def test_a_process_whose_claim_has_gone_elsewhere_is_stopped(
    gator: Gator, there: Host, yonder: Host, ledger: Ledger
) -> None:
    """It ran on while its worker was silent; once that one hears of the loss, it ends the code."""
    first = there.worker(gator.backend.address, processes=1, lease=LEASE)
    task = gator.task(ledger.call(20.0))
    until(lambda: ledger.began())
    with first.paused():
        yonder.worker(gator.backend.address, lease=LEASE)
        until(lambda: ledger.began()[task.task_id] == 2, 60)
    assert task.wait(timeout=90).status == SUCCESS
    assert ledger.ended()[task.task_id] == 1
    assert first.end()[0] == 0


def test_two_workers_of_one_name_are_two(
    gator: Gator, here: Host, there: Host, ledger: Ledger
) -> None:
    """A name is for people: claims, leases and deaths go by an id that each has for itself."""
    address = gator.backend.address
    one = here.worker(address, lease=LEASE, name="gpu-box")
    two = there.worker(address, lease=LEASE, name="gpu-box")
    named = [known.id for known in gator.backend.presences() if known.name == "gpu-box"]
    assert sorted(named) == sorted([one.presence_id, two.presence_id])
    group = gator.map(ledger.call(1.5), range(4))
    until(lambda: len(ledger.began()) == 2)
    killed = one.presence_id
    one.kill()
    assert group.get(timeout=60) == list(range(4))
    records = gator.backend.get([task.task_id for task in group])
    assert sum(record.losses for record in records) == 1, "only that of the one that died"
    assert set(ledger.ended().values()) == {1}
    assert killed not in {known.id for known in gator.backend.presences()}


def holder_of(gator: Gator, task_id: str, *hosts: Host) -> RemoteWorker:
    (record,) = gator.backend.get([task_id])
    (found,) = [w for host in hosts for w in host.workers if w.presence_id == record.worker]
    return found


# -- how long it takes -------------------------------------------------------------------------


def test_a_death_on_another_host_is_found_when_its_lease_has_ended_and_not_before(
    gator: Gator, tmp_path: Path, ledger: Ledger
) -> None:
    """Workers with processes, each on a host of its own; prints how long it took."""
    hosts = [Host(tmp_path, elsewhere=True) for _ in range(5)]
    try:
        workers = [host.worker(gator.backend.address, processes=1) for host in hosts]
        times = _times_to_recover(gator, workers, ledger)
    finally:
        for host in hosts:
            host.close()
    assert min(times) > PROCESS_LEASE - 2 * RENEW_EVERY  # each may have been late to renew
    print(f"ready again after {statistics.median(times):.2f} s (p50), {max(times):.2f} s (worst)")


def _times_to_recover(gator: Gator, workers: list[RemoteWorker], ledger: Ledger) -> list[float]:
    group = gator.map(ledger.call(300), range(len(workers)))
    until(lambda: len(ledger.began()) == len(workers), 60)
    held = {record.worker: record.id for record in records_of(gator, [t.task_id for t in group])}
    killed: dict[str, float] = {}
    ready: dict[str, float] = {}

    def look() -> None:
        for record in records_of(gator, list(killed)):
            if record.status == WAITING:
                ready.setdefault(record.id, time.monotonic())

    for worker in workers:
        killed[held[worker.presence_id]] = worker.kill()
        apart = time.monotonic() + 0.37  # so that they do not all die in step with a reaper
        until(lambda apart=apart: look() or time.monotonic() > apart)
    until(lambda: look() or len(ready) == len(workers), 60)
    group.cancel()
    return [at - killed[task_id] for task_id, at in ready.items()]
