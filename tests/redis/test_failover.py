"""A primary dies; its replica takes over, and everybody goes on there."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import Gator, Worker
from gator_nb.backends.redis import RedisBackend
from gator_nb.errors import StoreUnavailable
from gator_nb.states import RUNNING

from ..waiting import until
from .pushes import push
from .standins import Cluster, Watched

pytestmark = pytest.mark.slow

FAILOVER = 60.0
STORE = "team"


def a_sentinel() -> Watched:
    return Watched(patience=1000)


def a_cluster() -> Cluster:
    return Cluster(replicas=3, patience=1000)


@pytest.fixture(params=[a_sentinel, a_cluster])
def servers(request: pytest.FixtureRequest) -> Iterator[Watched | Cluster]:
    started = request.param()
    yield started
    started.stop()


def replicate(servers: Watched | Cluster) -> None:
    """Return once the replica has what the primary has: a connection waits for its own writes."""
    with servers.primary_of(STORE).client() as client:
        client.set(f"{{{STORE}}}last", "one")
        assert client.wait(1, 20_000) == 1


def wait_for(marker: str) -> str:
    while not Path(marker).exists():
        time.sleep(0.01)
    return "went on"


def test_a_worker_goes_on_with_the_promoted_replica(
    servers: Watched | Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ran is settled there, what waited is run; until then the store is said to be away."""
    monkeypatch.setattr("gator_nb.backends.redis.server.PATIENCE", 0.3)
    marker = str(tmp_path / "marker")
    with Gator(servers.dsn(store=STORE)) as gator:
        running = gator.task(wait_for, marker)
        with Worker(gator, threads=1):
            until(lambda: running.status is RUNNING)
            waiting = gator.task(len, "four")
            replicate(servers)
            with servers.nobody_takes_over():
                servers.primary_of(STORE).kill()
                with pytest.raises(StoreUnavailable, match=r"failover|no server listens"):
                    gator.task(len, "too soon")
            Path(marker).touch()
            until(lambda: reachable(gator), FAILOVER)
            assert [running.get(FAILOVER), waiting.get(FAILOVER)] == ["went on", 4]
            assert gator.task(len, "three").get(FAILOVER) == 5
        assert gator.backend.verify() == []


def reachable(gator: Gator) -> bool:
    try:
        gator.counts()
    except StoreUnavailable:
        return False
    return True


def test_a_patient_call_only_takes_longer(
    servers: Watched | Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gator_nb.backends.redis.server.PATIENCE", FAILOVER)
    backend = RedisBackend(servers.dsn(store=STORE))
    backend.put([push("before")])
    cursor = backend.changes().cursor
    replicate(servers)
    servers.primary_of(STORE).kill()
    backend.put([push("after")])
    assert [one.id for one in backend.page().records] == ["after", "before"]
    assert backend.changes(cursor).reset, "what the dead one had last may be lost"
    assert backend.verify() == []
    backend.close()


def test_listeners_hear_the_promoted_replica(
    servers: Watched | Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gator_nb.backends.redis.server.PATIENCE", FAILOVER)
    backend = RedisBackend(servers.dsn(store=STORE))
    listener = backend.listen(["work"], nap_time=30)
    replicate(servers)
    servers.primary_of(STORE).kill()
    backend.put([push("a")])  # returns once the failover is over
    until(lambda: not backend._waking.is_deaf(), FAILOVER)
    while listener.wait(0.1):
        pass
    other = RedisBackend(servers.dsn(store=STORE))
    other.put([push("b")])
    assert listener.wait(FAILOVER)
    listener.close()
    other.close()
    backend.close()
