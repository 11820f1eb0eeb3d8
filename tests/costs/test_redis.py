"""Requests to a server, and the commands that it runs for them."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest

from gator_nb import SUCCESS, Gator, Worker
from gator_nb.backends.base import Claimed, Settlement

from ..redis.servers import RunningServer, running
from .counting import commands_of, scripts_in

THOUSAND, MANY, TIMES = 1_000, 100, 3


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """One that nobody else asks."""
    with running() as opened:
        yield opened


@pytest.fixture
def gator(server: RunningServer) -> Iterator[Gator]:
    with Gator(server.dsn()) as opened:
        opened.task(abs, 0)  # the queue has a line, and the key is read
        yield opened


def least(server: RunningServer, *works: Callable[[], object]) -> tuple[int, int]:
    """How many scripts ran, and how many commands in all, for the one of them that took fewest: a
    watcher looks around on its own now and then."""
    costs = []
    for work in works:
        with commands_of(server) as counted:
            work()
        costs.append((scripts_in(counted), counted.total()))
    requests, commands = zip(*costs, strict=True)
    return min(requests), min(commands)


def claimed(gator: Gator, number: int) -> list[Claimed]:
    found = gator.backend.claim("me", ("all",), gator.client.lanes("thread"), number)
    assert len(found) == number
    return found


def settle(gator: Gator, tasks: list[Claimed]) -> None:
    gator.backend.settle(
        [Settlement(one.record.id, one.record.claim or "", SUCCESS, 0, b"out") for one in tasks]
    )


def test_a_push_is_one_request(server: RunningServer, gator: Gator) -> None:
    """Whatever is checked, listed and told besides happens in its script."""
    requests, commands = least(server, *TIMES * [lambda: gator.task(abs, -1)])
    assert requests == 1
    assert commands <= 17


def test_many_pushed_at_once_share_a_request(server: RunningServer, gator: Gator) -> None:
    """Two commands each: its record, and its call."""
    requests, commands = least(server, *TIMES * [lambda: gator.map(abs, range(MANY))])
    assert requests == 1
    assert commands <= 2 * MANY + 20


def test_a_claim_is_one_request(server: RunningServer, gator: Gator) -> None:
    """However many tasks it takes: three commands each, and no more of them in a long queue."""
    gator.map(abs, range(10 * MANY))
    requests, commands = least(server, *TIMES * [lambda: claimed(gator, 1)])
    assert (requests, commands <= 25) == (1, True)
    requests, commands = least(server, *TIMES * [lambda: claimed(gator, MANY)])
    assert requests == 1
    assert commands <= 3 * MANY + 25


def test_a_settlement_is_one_request(server: RunningServer, gator: Gator) -> None:
    """However many tasks it ends: four commands each."""
    gator.map(abs, range(TIMES * (MANY + 1)))
    for number in (1, MANY):
        batches = [claimed(gator, number) for _ in range(TIMES)]
        works = [partial(settle, gator, batch) for batch in batches]
        requests, commands = least(server, *works)
        assert requests == 1
        assert commands <= 4 * number + 18


def test_a_task_that_is_run_here_is_three_requests(server: RunningServer, gator: Gator) -> None:
    """Claimed, settled, and read."""
    gator.map(abs, range(TIMES))
    requests, _ = least(server, *TIMES * [gator.pop])
    assert requests <= 3


def test_a_result_is_two_requests_and_then_none(server: RunningServer, gator: Gator) -> None:
    """The record and the outcome; afterwards the handle has both."""
    tasks = gator.map(abs, range(TIMES))
    for task in tasks:
        gator.get(task.task_id)
    with Gator(gator.conn_string) as elsewhere:
        handles = [elsewhere[task.task_id] for task in tasks]
        requests, _ = least(server, *[handle.get for handle in handles])
        assert requests <= 2
        assert least(server, *[handle.get for handle in handles]) == (0, 0)


def test_many_results_share_a_request(server: RunningServer, gator: Gator) -> None:
    """So do many records."""
    gator.map(abs, range(MANY))
    tasks = claimed(gator, MANY)
    settle(gator, tasks)
    ids = [one.record.id for one in tasks]
    requests, commands = least(server, *TIMES * [lambda: gator.backend.get(ids)])
    assert (requests, commands <= MANY + 5) == (1, True)
    requests, commands = least(server, *TIMES * [lambda: gator.backend.outcomes(ids)])
    assert (requests, commands <= 2 * MANY + 5) == (1, True)


def test_what_a_status_line_asks_costs_the_same_however_much_there_is(
    server: RunningServer, gator: Gator
) -> None:
    """The lengths of indexes, and counters."""
    for count in (1, 10 * MANY):
        gator.map(abs, range(count))
        for ask in (len, Gator.counts):
            requests, commands = least(server, *TIMES * [partial(ask, gator)])
            assert (requests, commands <= 14) == (1, True)


def test_a_worker_asks_less_than_once_a_task(server: RunningServer, gator: Gator) -> None:
    """It claims and settles several at once; one by one it would ask twice a task."""
    gator.map(abs, range(THOUSAND))
    worker = Worker(gator, max_tasks=THOUSAND, threads=1, log_level=50)
    requests, _ = least(server, worker.run_forever)
    assert worker.tasks_complete == THOUSAND
    assert requests < THOUSAND
