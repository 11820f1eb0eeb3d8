"""Replies that are lost, a server that dies amid batches, a server without memory: under load."""

import random
import time

import pytest

from gator_nb import RUNNING, SUCCESS, Gator
from gator_nb.errors import StoreUnavailable

from ..waiting import until
from .hosts import Host
from .ledger import Ledger, records_of
from .proxy import proxy_to
from .servers import RunningServer, running

pytestmark = pytest.mark.slow


def all_ran_once(gator: Gator, ids: list[str], ledger: Ledger) -> None:
    """Nothing lost, nothing run twice, nothing settled twice."""
    records = records_of(gator, ids)
    assert {record.status for record in records} == {SUCCESS}
    assert {(record.attempts, record.losses) for record in records} == {(1, 0)}
    assert ledger.began() == ledger.ended() == dict.fromkeys(ids, 1)
    assert gator.counts() == {SUCCESS: len(ids)}
    assert gator.verify() == []


def test_however_many_replies_are_lost_each_task_runs_once(
    server: RunningServer, here: Host, ledger: Ledger
) -> None:
    """Pushes, claims and results alike are sent again, and count once."""
    with proxy_to(server.port) as proxy:
        address = f"redis://127.0.0.1:{proxy.port}/0?store=rough{proxy.port}"
        with Gator(address) as gator:
            worker = here.worker(address, threads=2)
            proxy.lose_one_in = 5
            ids = [gator.task(ledger.call(), number).task_id for number in range(60)]
            for _ in range(10):
                ids += [task.task_id for task in gator.map(ledger.call(), range(10))]
            until(lambda: len(ledger.ended()) == len(ids), 60)
            proxy.lose_one_in = 0
            gator.wait([gator[one] for one in ids], timeout=60)
            all_ran_once(gator, ids, ledger)
            assert worker.end() == (0, 0)
        assert proxy.lost > 20


def test_a_server_that_dies_again_and_again_amid_batches_loses_nothing(
    here: Host, ledger: Ledger
) -> None:
    """A batch is stored, claimed and settled as a whole or not at all. The server keeps each word:
    with `everysec` a slow disk makes it answer before it has written, and a claim that a kill takes
    back then is begun again."""
    chance = random.Random(0)
    with (
        running("--appendonly", "yes", "--appendfsync", "always") as server,
        Gator(server.dsn(store="batches")) as gator,
    ):
        workers = [here.worker(gator.backend.address, threads=2) for _ in range(2)]
        ids: list[str] = []
        for _ in range(6):
            ids += [task.task_id for task in gator.map(ledger.call(), range(300))]
            time.sleep(chance.uniform(0.0, 0.2))
            server.kill()
            server.start()
        gator.wait([gator[one] for one in ids], timeout=120)
        all_ran_once(gator, ids, ledger)
        assert [worker.end() for worker in workers] == [(0, 0), (0, 0)]


def test_workers_finish_what_is_there_while_the_server_is_out_of_memory(
    here: Host, ledger: Ledger
) -> None:
    """Only pushes are refused, by name and with the mend; with room again all goes on."""
    with (
        running("--maxmemory-policy", "noeviction") as server,
        Gator(server.dsn(store="full")) as gator,
        server.client() as client,
    ):
        worker = here.worker(gator.backend.address)
        group = gator.map(ledger.call(0.5), range(6))
        until(lambda: RUNNING in group.counts())
        client.config_set("maxmemory", "1mb")
        with pytest.raises(StoreUnavailable, match=r"out of memory.*maxmemory"):
            gator.task(ledger.call(), 1)
        assert group.get(timeout=60) == list(range(6))
        client.config_set("maxmemory", "0")
        ids = [task.task_id for task in [*group, gator.task(ledger.call(), 2)]]
        gator.wait([gator[one] for one in ids], timeout=60)
        all_ran_once(gator, ids, ledger)
        assert worker.end() == (0, 0)
