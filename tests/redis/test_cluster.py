"""A store on the node of a cluster that has its slot."""

from collections.abc import Iterator

import pytest
from redis.crc import key_slot

from gator_nb.backends.redis import RedisBackend
from gator_nb.errors import StoreUnavailable

from ..waiting import until
from .pushes import LANE, push, success
from .servers import RunningServer, free_port
from .standins import Cluster, ask, is_ok, shared_cluster

pytestmark = pytest.mark.slow  # a cluster takes seconds to agree on itself


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    return shared_cluster()


def address(node: RunningServer, store: str = "x", login: str = "") -> str:
    return f"redis+cluster://{login}127.0.0.1:{node.port}?store={store}"


def test_all_of_a_store_is_on_one_node(cluster: Cluster) -> None:
    """Two stores may be on two; any node tells which."""
    for store in (f"s{number}" for number in range(6)):
        backend = RedisBackend(address(cluster.nodes[0], store))
        backend.put([push("a"), push("b", depends_on=("a",))])
        backend.settle([success(backend.claim("w", None, [LANE], 1)[0])])
        owner = cluster.primary_of(store)
        assert ask(owner, "EXISTS", f"{{{store}}}:t:a", f"{{{store}}}:t:b") == 2
        assert backend.verify() == []
        backend.close()
    assert len({cluster.primary_of(f"s{number}").port for number in range(6)}) > 1


def test_the_next_node_is_asked_when_one_is_away(cluster: Cluster) -> None:
    alive = f"127.0.0.1:{cluster.nodes[1].port}"
    backend = RedisBackend(f"redis+cluster://127.0.0.1:{free_port()},{alive}?store=y")
    assert backend.len("all") == 0
    backend.close()


def test_a_server_that_is_in_no_cluster(server: RunningServer) -> None:
    with pytest.raises(StoreUnavailable, match="in no cluster: write redis://"):
        RedisBackend(address(server))


def test_one_node_alone_is_not_enough(cluster: Cluster) -> None:
    other = next(node for node in cluster.nodes if node is not cluster.primary_of("x"))
    with pytest.raises(StoreUnavailable, match=r"needs redis\+cluster://"):
        RedisBackend(other.dsn(store="x"))


@pytest.mark.parametrize("missing", ["cluster|slots", "zadd"])
def test_a_user_who_lacks_a_right_is_told_which(cluster: Cluster, missing: str) -> None:
    for node in cluster.nodes:
        with node.client() as client:
            client.acl_setuser("ann", reset=True, enabled=True, nopass=True, keys="*", channels="*",
                               commands=["+@all", f"-{missing}"])  # fmt: skip
    told = missing.replace("|", r"\|")
    with pytest.raises(StoreUnavailable, match=rf"may not run .*{told}.*\+{told}"):
        RedisBackend(address(cluster.nodes[0], login="ann:x@"))


def test_a_node_that_would_evict_tasks_is_refused(cluster: Cluster) -> None:
    owner = cluster.primary_of("x")
    ask(owner, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    with pytest.raises(StoreUnavailable, match=r"allkeys-lru.*noeviction"):
        RedisBackend(address(owner))
    ask(owner, "CONFIG", "SET", "maxmemory-policy", "noeviction")


def test_listeners_share_one_connection_and_ask_nothing(cluster: Cluster) -> None:
    """Whoever waits does so at the node of the store, and sends nothing meanwhile."""
    backend = RedisBackend(cluster.dsn(store="quiet"))
    listeners = [backend.listen(["work"]) for _ in range(20)]
    assert sum(subscribers(node) for node in cluster.nodes) == 1
    assert subscribers(cluster.primary_of("quiet")) == 1
    while listeners[0].wait(0.1):
        pass
    before = calls(cluster)
    assert not listeners[0].wait(2.5)
    assert calls(cluster) == before
    for listener in listeners:
        listener.close()
    backend.close()


def subscribers(node: RunningServer) -> int:
    with node.client() as client:
        return len([one for one in client.client_list() if one["sub"] == "2"])


def calls(cluster: Cluster) -> int:
    """Scripts and looks at a store so far."""
    total = 0
    for node in cluster.nodes:
        with node.client() as client:
            told = client.info("commandstats")
        total += sum(
            told.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "hget")
        )
    return total


# -- what changes the cluster, which is this test's own ------------------------------------------


@pytest.fixture
def own() -> Iterator[Cluster]:
    started = Cluster(patience=600_000)
    yield started
    started.stop()


def test_a_store_that_moves_to_another_node_is_followed(
    own: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile no script sees half of it: calls wait, and then say what they waited for."""
    monkeypatch.setattr("gator_nb.backends.redis.server.PATIENCE", 0.3)
    backend = RedisBackend(own.dsn(store="x"))
    backend.put([push("a"), push("b")])
    source = own.primary_of("x")
    target = next(node for node in own.nodes if node is not source)
    slot = key_slot(b"{x}")
    begin_move(slot, source, target)
    with pytest.raises(StoreUnavailable, match="moves this store to another node"):
        backend.put([push("c")])
    end_move(own, slot, source, target)
    backend.put([push("c")])
    assert [one.id for one in backend.page().records] == ["c", "b", "a"]
    assert ask(target, "EXISTS", "{x}:t:a", "{x}:t:c") == 2
    assert backend.verify() == []
    backend.close()


def begin_move(slot: int, source: RunningServer, target: RunningServer) -> None:
    """Half of the slot's keys are on the one, half on the other node."""
    ask(target, "CLUSTER", "SETSLOT", slot, "IMPORTING", ask(source, "CLUSTER", "MYID"))
    ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", ask(target, "CLUSTER", "MYID"))
    move(source, target, ask(source, "CLUSTER", "GETKEYSINSLOT", slot, 3))


def end_move(cluster: Cluster, slot: int, source: RunningServer, target: RunningServer) -> None:
    while keys := ask(source, "CLUSTER", "GETKEYSINSLOT", slot, 100):
        move(source, target, keys)
    for node in (target, source, *cluster.nodes):
        ask(node, "CLUSTER", "SETSLOT", slot, "NODE", ask(target, "CLUSTER", "MYID"))


def move(source: RunningServer, target: RunningServer, keys: list[bytes]) -> None:
    ask(source, "MIGRATE", "127.0.0.1", target.port, "", 0, 20_000, "KEYS", *keys)


def test_a_cluster_without_one_of_its_nodes_says_so() -> None:
    """With no replica to take over, nobody has the store's slot."""
    cluster = Cluster(patience=1000)
    try:
        owner = cluster.primary_of("x")
        others = [node for node in cluster.nodes if node is not owner]
        owner.kill()
        until(lambda: not any(map(is_ok, others)), 60.0)
        with pytest.raises(StoreUnavailable, match="cluster is down: look after it"):
            RedisBackend(address(others[0]))
    finally:
        cluster.stop()
