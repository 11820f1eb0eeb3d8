"""The same page over a Valkey server, which may go away and come back."""

from collections.abc import Iterator

import pytest

from gator_nb import Gator, Status, Worker
from gator_nb.dashboard.following import PAGE_SIZE
from gator_nb.dashboard.poller import Poller
from gator_nb.dashboard.state import Session

from ..redis.servers import RunningServer, running, shared_server
from ..waiting import until
from .conftest import Watch


@pytest.fixture
def dsn() -> str:
    return shared_server().socket_dsn()


def labels(session: Session) -> list[str]:
    return [record.label for record in session.records]


def test_it_follows_what_workers_do(gator: Gator, session: Session, watch: Watch):
    """Tiles, workers, the filter by an index or by a search, and names of those that left."""
    gator.options(tags=["b"]).map(int, ["x", "1"])
    gator.options(name="later", delay_by=900).task(pow, 2, 10)
    with Worker(gator, threads=1, name="lab-1", has={"gpu": 1}):
        until(lambda: (session.counts["finished"], session.counts["failed"]) == (1, 1))
        until(lambda: [one.presence.has.split(",")[0] for one in session.workers] == ["gpu=1"])
    until(lambda: not session.workers)
    for text, found in (
        ("tag:b status:failed", ["int"]),
        ("name:later", ["later"]),
        ("error:invalid", ["int"]),
        ("worker:lab-1", ["int", "int"]),
    ):
        session.filter(text)
        until(lambda found=found: labels(session) == found and session.search == "done")


def test_pages_and_bulk(gator: Gator, session: Session):
    """One page at a time, whatever its place; all that match are canceled."""
    gator.options(name="many", delay_by=900).map(abs, range(PAGE_SIZE + 5))
    session.filter("name:many")
    until(lambda: len(session.records) == PAGE_SIZE and session.has_older)
    session.go_older()
    until(lambda: (len(session.records), session.has_older) == (5, False))
    session.do_to_matching("cancel")
    until(lambda: session.bulk is not None and session.bulk.phase == "asking")
    session.confirm()
    until(lambda: session.bulk.phase == "over")
    assert gator.counts() == {Status.CANCELED: PAGE_SIZE + 5}


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with running("--appendonly", "yes", "--appendfsync", "always") as server:
        yield server


@pytest.mark.slow
def test_a_server_that_goes_away_and_comes_back(server: RunningServer):
    """What was seen stays and is said to be old; then all is followed again by itself."""
    dsn = server.dsn()
    with Gator(dsn) as gator:
        task = gator.task(pow, 2, 10)
    poller = Poller(dsn)
    session = Session(dsn, lambda call: call(), poller)
    try:
        until(lambda: session.records)
        server.kill()
        until(lambda: session.health == "lost", 30)
        assert [record.id for record in session.records] == [task.task_id]
        session.cancel(task.task_id)
        until(lambda: "nothing is known to be canceled" in session.notice, 30)
        server.start()
        until(lambda: session.health == "live", 30)
        with Gator(dsn) as gator:
            assert gator.pop().task_id == task.task_id
        until(lambda: session.counts["finished"] == 1)
    finally:
        session.close()
        until(lambda: not poller.running, 30)
