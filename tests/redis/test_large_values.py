"""Large values by way of a server: what crosses machines is each value once a worker process."""

from collections.abc import Iterator

import numpy as np
import pytest

from gator_nb import Gator, Worker
from gator_nb.errors import StoreUnavailable, Untrusted

from .servers import RunningServer, running

ROWS = 1_000_000


@pytest.fixture
def gator(server: RunningServer) -> Iterator[Gator]:
    with Gator(server.dsn()) as opened:
        yield opened
        assert opened.verify() == []


def sent(gator: Gator) -> int:
    """Bytes that the server has sent so far."""
    reply = gator.backend._server.command("INFO", "stats").decode()
    line = next(one for one in reply.splitlines() if one.startswith("total_net_output_bytes:"))
    return int(line.partition(":")[2])


@pytest.mark.parametrize("slots", [{"threads": 2}, {"processes": 2}], ids=str)
def test_an_array_crosses_once(gator: Gator, slots: dict[str, int]) -> None:
    """For fifty tasks that capture it, and those that are pushed one by one."""
    data = np.arange(float(ROWS))
    group = gator.map(lambda n: float(data[n]), range(40))
    more = [gator.task(lambda n: float(data[-n]), n) for n in range(1, 11)]
    before = sent(gator)
    with Worker(gator, **slots):
        assert group.get(timeout=60) == list(range(40))
        assert [task.get(60) for task in more] == [ROWS - n for n in range(1, 11)]
    assert data.nbytes < sent(gator) - before < 1.5 * data.nbytes


def test_results_come_back_and_go_on(gator: Gator) -> None:
    with Worker(gator, processes=1):
        made = gator.task(lambda: {"a": np.ones(ROWS), "numbers": list(range(500_000))})
        total = gator.task(lambda given: given["a"].sum() + len(given["numbers"]), made)
        assert total.get(60) == ROWS + 500_000
        assert made.get()["a"].sum() == ROWS


def test_what_was_changed_on_the_server_is_not_used(gator: Gator) -> None:
    data = np.ones(ROWS)
    task = gator.task(lambda: data.sum())
    (name,) = gator.client.record(task.task_id).refs
    server, prefix = gator.backend._server, f"{{{gator.backend._server.address.store}}}:"
    kept = server.command("GET", f"{prefix}chunk:0:{name}")
    server.command("SETRANGE", f"{prefix}chunk:0:{name}", len(kept) // 2, b"\x00\x01\x02\x03")
    with Worker(gator, threads=1), pytest.raises(Untrusted, match="was changed in the store"):
        task.get(30)


def test_a_full_server_refuses_the_push(ready: RunningServer) -> None:
    """Nothing of it stays there, and what was there is not lost."""
    with Gator(ready.dsn()) as gator:
        first = gator.task(int)
        data = np.random.default_rng(0).random(4 * ROWS)
        with pytest.raises(StoreUnavailable, match="memory"):
            gator.task(lambda: data.sum())
        assert len(gator) == 1
        assert gator.map(len, ["room for more"] * 100)
        assert gator.get(first.task_id).result == 0


@pytest.fixture
def ready() -> Iterator[RunningServer]:
    """A small server of its own."""
    with running("--maxmemory", "24mb", "--maxmemory-policy", "noeviction") as one:
        yield one
