"""A worker on another host whose cable is pulled and put back."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import RUNNING, SUCCESS, Gator

from ..waiting import Gate, until
from .cable import Cable, ServerAtTheCable, cable, missing
from .hosts import Host
from .ledger import History, Ledger

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=f"no network namespaces: {missing()}"),
]

LEASE = 15.0 if os.environ.get("GATOR_NB_TEST_LONG") else 6.0
PATIENT = 120.0


@pytest.fixture
def joined() -> Iterator[Cable]:
    with cable() as made:
        yield made


@pytest.fixture
def server(joined: Cable) -> Iterator[ServerAtTheCable]:
    started = ServerAtTheCable(joined.server)
    yield started
    started.stop()


@pytest.fixture
def far(joined: Cable, tmp_path: Path) -> Iterator[Host]:
    """The host at the other end."""
    host = Host(tmp_path, elsewhere=True, enter=joined.worker.enter)
    yield host
    host.close()


def test_a_cable_that_is_out_for_less_than_the_lease_changes_nothing(
    joined: Cable,
    server: ServerAtTheCable,
    far: Host,
    here: Host,
    ledger: Ledger,
    tmp_path: Path,
) -> None:
    """Tasks go on meanwhile, those that end are settled afterwards, and nobody takes them."""
    near, there = server.dsns()
    history = History()
    with Gator(near) as gator, gator.client.watcher.subscribed(history.note):
        worker = far.worker(there, threads=2, lease=LEASE)
        gate = Gate(tmp_path / "gate")
        kept = ledger.call()

        def behind_the_gate() -> int:
            gate.wait()
            return kept()

        tasks = [gator.task(behind_the_gate), gator.task(ledger.call(LEASE))]
        until(lambda: {task.status for task in tasks} == {RUNNING})
        here.worker(near)
        joined.pull()
        gate.open()
        until(lambda: sum(ledger.ended().values()) == 1, LEASE / 2)
        assert {task.status for task in tasks} == {RUNNING}, "and nobody can know that yet"
        joined.put_back()
        gator.wait(tasks, timeout=PATIENT)
        records = gator.backend.get([task.task_id for task in tasks])
        assert {(one.status, one.attempts, one.losses) for one in records} == {(SUCCESS, 1, 0)}
        assert set(ledger.began().values()) == {1}
        assert worker.end() == (0, 0)
        assert (gator.verify(), history.faults()) == ([], [])


def test_a_cable_that_is_out_for_longer_is_a_loss_and_one_outcome_counts(
    joined: Cable, server: ServerAtTheCable, far: Host, here: Host, ledger: Ledger
) -> None:
    """What the worker ran is run elsewhere; once the cable is back it hears of that, drops the
    result of what had ended, stops what goes on, and serves again."""
    near, there = server.dsns()
    history = History()
    with Gator(near) as gator, gator.client.watcher.subscribed(history.note):
        worker = far.worker(there, threads=2, lease=LEASE)
        ends = gator.task(ledger.call(4.0))
        goes_on = gator.task(ledger.call(3 * LEASE))
        # The store has heard that they began: else they would go back as if they had not.
        begun = [ends.task_id, goes_on.task_id]
        until(lambda: all(one is not None and one.begun for one in gator.backend.get(begun)))
        joined.pull()
        here.worker(near, threads=2)
        assert ends.wait(timeout=PATIENT).status == SUCCESS
        until(lambda: ledger.began()[goes_on.task_id] == 2, PATIENT)
        joined.put_back()
        assert goes_on.wait(timeout=PATIENT).status == SUCCESS
        for record in gator.backend.get([ends.task_id, goes_on.task_id]):
            assert (record.attempts, record.losses) == (2, 1)
            assert record.worker != worker.presence_id
        # Both of its hosts' workers have to take part in this: no more than two run at a time.
        until(lambda: worker.presence_id in who_runs(gator, ledger), PATIENT)
        code, fenced = worker.end()
        assert (code, fenced) == (0, 2), "one result was dropped, and one try stopped"
        assert (gator.verify(), history.faults()) == ([], [])


def test_workers_that_were_cut_off_together_take_nothing_from_each_other(
    joined: Cable, server: ServerAtTheCable, far: Host, tmp_path: Path, ledger: Ledger
) -> None:
    """It was the server that was out of reach, for longer than any lease, and no worker died."""
    near, there = server.dsns()
    farther = Host(tmp_path, elsewhere=True, enter=joined.worker.enter)
    try:
        with Gator(near) as gator:
            workers = [host.worker(there, lease=LEASE) for host in (far, farther)]
            tasks = gator.map(ledger.call(3 * LEASE), range(2))
            until(lambda: len(ledger.began()) == 2)
            joined.pull()
            time.sleep(1.7 * LEASE)
            joined.put_back()
            # Whoever waits here was never cut off and would call the silence a loss: so look only.
            until(lambda: tasks.counts() == {SUCCESS: 2}, PATIENT)
            records = gator.backend.get([task.task_id for task in tasks])
            assert {(one.attempts, one.losses) for one in records} == {(1, 0)}
            assert set(ledger.began().values()) == {1}
            assert [worker.end() for worker in workers] == [(0, 0), (0, 0)]
            assert gator.verify() == []
    finally:
        farther.close()


def who_runs(gator: Gator, ledger: Ledger) -> set[str | None]:
    """The workers that take part in a few more tasks."""
    group = gator.map(ledger.call(0.3), range(8)).wait(timeout=PATIENT)
    return {record.worker for record in gator.backend.get([task.task_id for task in group])}
