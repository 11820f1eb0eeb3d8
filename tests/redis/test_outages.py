"""A server that is away for a while, or comes back without what it had, under load."""

import os
import threading
import time
from collections.abc import Iterator
from typing import Self

import pytest

from gator_nb import SUCCESS, Gator
from gator_nb.errors import StoreUnavailable, TaskNotFound

from ..waiting import until
from .hosts import Host
from .ledger import History, Ledger, records_of
from .servers import RunningServer, running

pytestmark = pytest.mark.slow

LONG = bool(os.environ.get("GATOR_NB_TEST_LONG"))
AWAY = 60.0 if LONG else 6.0
"""Seconds for which the server is down; the short form has the same states in it."""

MANY = 600 if LONG else 40
"""Tasks that are pushed before, and after."""

PATIENT = AWAY + 90.0


@pytest.fixture
def lasting() -> Iterator[RunningServer]:
    """A server that keeps what it acknowledged."""
    with running("--appendonly", "yes", "--appendfsync", "everysec") as server:
        yield server


@pytest.fixture
def forgetful() -> Iterator[RunningServer]:
    """A server without any persistence."""
    with running() as server:
        yield server


class Load:
    """A client that pushes all the while, as long as it is open; what fails is pushed again."""

    def __init__(self, gator: Gator, ledger: Ledger) -> None:
        self._gator = gator
        self._call = ledger.call(0.01)
        self._enough = threading.Event()
        self.acknowledged: list[str] = []
        self.refusals: list[str] = []
        self._thread = threading.Thread(target=self._push)

    def _push(self) -> None:
        while not self._enough.wait(0.005):
            number = len(self.acknowledged)
            try:
                task = self._gator.options(task_id=f"n{number}").task(self._call, number)
            except StoreUnavailable as error:
                self.refusals.append(str(error))
            else:
                self.acknowledged.append(task.task_id)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        self._thread.join()


def test_a_server_with_aof_that_is_away_under_load_loses_nothing(
    lasting: RunningServer, here: Host, ledger: Ledger
) -> None:
    """All that was acknowledged runs, once each; nobody is taken for dead for the server's sake."""
    history = History()
    with Gator(lasting.dsn(store="load")) as gator:
        workers = [here.worker(gator.backend.address, threads=2) for _ in range(2)]
        across = gator.task(ledger.call(AWAY / 2), 7)
        values: list[object] = []
        waiter = threading.Thread(target=lambda: values.append(across.get()))
        waiter.start()
        with gator.client.watcher.subscribed(history.note), Load(gator, ledger) as load:
            until(lambda: len(ledger.ended()) > MANY, 60)
            before = len(load.acknowledged)
            lasting.kill()
            time.sleep(AWAY)
            lasting.start()
            back = time.monotonic()
            until(lambda: len(load.acknowledged) > before + 1, PATIENT)
            first_push = time.monotonic() - back
            until(lambda: len(load.acknowledged) > before + MANY, PATIENT)
        waiter.join(PATIENT)
        assert values == [7], "who waited all the while has the value"
        ids = [across.task_id, *load.acknowledged]
        gator.wait([gator[one] for one in ids], timeout=PATIENT)
        records = records_of(gator, ids)
        assert {record.status for record in records} == {SUCCESS}
        assert {(record.losses, record.attempts) for record in records} == {(0, 1)}
        assert ledger.began() == ledger.ended()
        assert set(ledger.ended().values()) == {1}
        assert (gator.verify(), history.faults()) == ([], [])
        assert [worker.end() for worker in workers] == [(0, 0), (0, 0)]
    print(
        f"away {AWAY:.0f} s: {len(ids)} acknowledged, all run once; {len(load.refusals)} pushes "
        f"were refused meanwhile; pushing again {first_push:.1f} s after its return"
    )


def test_a_server_without_persistence_comes_back_empty_and_everybody_says_so(
    forgetful: RunningServer, here: Host, ledger: Ledger
) -> None:
    """What it had is gone: whoever waits is told, and nobody takes the new store for the old."""
    with Gator(forgetful.dsn(store="load")) as gator:
        workers = [here.worker(gator.backend.address, threads=1) for _ in range(2)]
        ends_meanwhile = gator.task(ledger.call(1.0))
        goes_on = gator.task(ledger.call(AWAY + 3))
        until(lambda: len(ledger.began()) == 2)
        queued = gator.map(ledger.call(), range(20))
        told: list[BaseException] = []
        waiter = threading.Thread(target=lambda: told.append(error_of(queued[0])))
        waiter.start()
        forgetful.kill()
        time.sleep(AWAY)
        forgetful.start()
        waiter.join(PATIENT)
        assert isinstance(told[0], (StoreUnavailable, TaskNotFound))
        with pytest.raises(StoreUnavailable, match="open it anew"):
            gator.task(abs, -1)
        with Gator(gator.backend.address) as anew:
            fresh = anew.map(ledger.call(), range(40))
            assert fresh.get(timeout=60) == list(range(40))
            with pytest.raises(TaskNotFound):
                ends_meanwhile.wait(timeout=30)
            assert gator.map(abs, range(10)).get(timeout=60) == list(range(10))
            for worker in workers:
                until(lambda worker=worker: worker.presence_id in present(anew), 30)
            records = records_of(anew, [task.task_id for task in fresh])
            assert {(record.losses, record.attempts) for record in records} == {(0, 1)}
            assert anew.verify() == []
        assert sum(worker.end()[1] for worker in workers) == 2, "one had ended, one was stopped"
        assert ledger.began()[ends_meanwhile.task_id] == ledger.ended()[ends_meanwhile.task_id] == 1
        assert (ledger.began()[goes_on.task_id], ledger.ended()[goes_on.task_id]) == (1, 0)


def test_idle_workers_are_known_again_in_a_store_that_came_back_empty(
    forgetful: RunningServer, here: Host, ledger: Ledger
) -> None:
    """Else what they claim there would be taken from them as from the dead, and run twice."""
    with Gator(forgetful.dsn(store="load")) as gator:
        workers = [here.worker(gator.backend.address) for _ in range(2)]
        forgetful.kill()
        forgetful.start()
        with Gator(gator.backend.address) as anew:
            group = anew.map(ledger.call(2.5), range(4))
            assert group.get(timeout=60) == list(range(4))
            records = records_of(anew, [task.task_id for task in group])
            assert {(record.losses, record.attempts) for record in records} == {(0, 1)}
            assert set(ledger.began().values()) == {1}
            assert {worker.presence_id for worker in workers} <= present(anew)
            assert anew.verify() == []


def present(gator: Gator) -> set[str]:
    return {known.id for known in gator.backend.presences()}


def error_of(task: object) -> BaseException:
    try:
        task.wait(timeout=PATIENT)
    except BaseException as error:
        return error
    raise AssertionError("it was not told")
