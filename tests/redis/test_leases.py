"""Leases and the silence of the server: what was out of reach for everybody makes nobody dead."""

import time
from collections.abc import Iterator

import pytest

from gator_nb.backends.base import Presence
from gator_nb.backends.redis import RedisBackend
from gator_nb.errors import StoreUnavailable

from ..waiting import until
from .pushes import LANE, push
from .servers import RunningServer, running

LEASE = 0.8


@pytest.fixture
def own_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningServer]:
    """A server that is given up on soon."""
    monkeypatch.setattr("gator_nb.backends.redis.server._OUTAGE", 0.3)
    monkeypatch.setattr("gator_nb.backends.redis.server._TIMEOUT", 0.5)
    monkeypatch.setattr("gator_nb.backends.redis.server.PATIENCE", 0.3)
    with running("--appendonly", "yes") as server:
        yield server


@pytest.fixture
def backend(own_server: RunningServer) -> Iterator[RedisBackend]:
    """A store in which a worker of another host runs a task."""
    opened = RedisBackend(own_server.dsn(store="x"))
    opened.register(Presence("w", "worker", lease=LEASE))
    opened.put([push("a")])
    opened.claim("w", None, [LANE], 1)
    assert opened.reap() == []
    yield opened
    opened.close()


@pytest.mark.slow
def test_a_silent_server_makes_no_worker_dead(
    own_server: RunningServer, backend: RedisBackend
) -> None:
    """What a reaper asked of a server that stood still is heard when it goes on: by then the
    leases are over, and no worker could renew its own."""
    with own_server.paused():
        with pytest.raises(StoreUnavailable):
            backend.reap()
        time.sleep(LEASE)
    assert [one.worker for one in backend.get(["a"]) if one.status.name == "RUNNING"] == ["w"]
    assert backend.reap() == []
    until(lambda: [one.id for one in backend.reap()] == ["a"])


@pytest.mark.slow
def test_a_reaper_that_had_given_up_on_the_server_waits_a_lease_too(
    own_server: RunningServer, backend: RedisBackend
) -> None:
    """However many calls failed until it was there again."""
    with own_server.paused():
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                backend.get(["a"])
    assert backend.reap() == []
    until(lambda: [one.id for one in backend.reap()] == ["a"])
