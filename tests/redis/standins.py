"""Servers that take over from one another: a primary, replica and sentinel; and a cluster."""

import contextlib
import secrets
from collections.abc import Iterator
from functools import cache
from typing import Any

from redis.crc import key_slot

from ..waiting import until
from .servers import RunningServer, stopped_at_the_end

SERVICE = "lab"
STARTED = 60.0
"""Seconds that a cluster may take to agree."""

_SLOTS = 16384
_AT_ONCE = ("--repl-diskless-sync-delay", "0")


class Sentinel(RunningServer):
    """Watches a primary, and promotes its replica when it has been silent for `patience` ms."""

    def __init__(
        self, port: int, *settings: str, patience: int, program: str = "", detached: bool = False
    ) -> None:
        self._lines = (
            *settings,
            f"sentinel monitor {SERVICE} 127.0.0.1 {port} 1",
            f"sentinel down-after-milliseconds {SERVICE} {patience}",
            f"sentinel failover-timeout {SERVICE} 5000",
        )
        super().__init__(program=program, detached=detached)

    def demand(self, password: str) -> None:
        """From now on it tells nothing without."""
        self.kill()
        with (self.folder / "sentinel.conf").open("a") as config:
            config.write(f"requirepass {password}\n")
        self.start()

    def _arguments(self) -> list[str]:
        config = self.folder / "sentinel.conf"
        if not config.exists():  # else it has written into it what it knows
            place = (f"port {self.port}", "bind 127.0.0.1", f"dir {self.folder}")
            config.write_text("\n".join((*place, *self._lines, "")))
        return [str(config), "--sentinel"]


class Watched:
    """A primary, its replica, and the sentinel that watches both."""

    def __init__(self, *, patience: int, detached: bool = False) -> None:
        with contextlib.ExitStack() as failed:
            self.primary = RunningServer(*_AT_ONCE, detached=detached)
            failed.callback(self.primary.stop)
            follow = ("--replicaof", f"127.0.0.1 {self.primary.port}")
            self.replica = RunningServer(*_AT_ONCE, *follow, detached=detached)
            failed.callback(self.replica.stop)
            until(lambda: is_linked(self.replica), STARTED)
            self.sentinel = Sentinel(self.primary.port, patience=patience, detached=detached)
            failed.callback(self.sentinel.stop)
            until(lambda: len(ask(self.sentinel, "SENTINEL", "REPLICAS", SERVICE)) == 1, STARTED)
            self._ends = failed.pop_all()

    def dsn(self, *, store: str | None = None, login: str = "") -> str:
        name = store or f"t{secrets.token_hex(6)}"
        return f"redis+sentinel://{login}127.0.0.1:{self.sentinel.port}/{SERVICE}?store={name}"

    def primary_of(self, _store: str) -> RunningServer:
        return self.primary

    @contextlib.contextmanager
    def nobody_takes_over(self) -> Iterator[None]:
        self.sentinel.kill()
        yield
        self.sentinel.start()

    def stop(self) -> None:
        self._ends.close()


class Cluster:
    """Three primaries, each with a third of the slots, and as many replicas as asked for."""

    def __init__(self, *, replicas: int = 0, patience: int, detached: bool = False) -> None:
        self.nodes: list[RunningServer] = []
        with contextlib.ExitStack() as failed:
            failed.callback(self.stop)
            for _ in range(3 + replicas):
                self.nodes.append(self._start(patience, detached=detached))
            self.primaries, self.replicas = self.nodes[:3], self.nodes[3:]
            self._unite()
            failed.pop_all()

    def _unite(self) -> None:
        self._meet()
        for number, node in enumerate(self.primaries):
            first, after = number * _SLOTS // 3, (number + 1) * _SLOTS // 3
            ask(node, "CLUSTER", "ADDSLOTSRANGE", first, after - 1)
        until(lambda: all(map(self._sees_all, self.nodes)), STARTED)
        for replica, primary in zip(self.replicas, self.primaries, strict=False):
            ask(replica, "CLUSTER", "REPLICATE", ask(primary, "CLUSTER", "MYID"))
            until(lambda one=replica: is_linked(one), STARTED)

    def _start(self, patience: int, *, detached: bool) -> RunningServer:
        how = ("--cluster-enabled", "yes", "--cluster-node-timeout", str(patience))
        return RunningServer(*how, *_AT_ONCE, detached=detached)

    def _meet(self) -> None:
        for epoch, node in enumerate(self.nodes, 1):
            ask(node, "CLUSTER", "SET-CONFIG-EPOCH", epoch)
        for node in self.nodes[1:]:
            ask(self.nodes[0], "CLUSTER", "MEET", "127.0.0.1", node.port)
        until(lambda: all(self._knows_all(node) for node in self.nodes), STARTED)

    def _knows_all(self, node: RunningServer) -> bool:
        told = ask(node, "CLUSTER", "NODES").splitlines()
        return len(told) == len(self.nodes) and not any(b"handshake" in line for line in told)

    def _sees_all(self, node: RunningServer) -> bool:
        return len(ask(node, "CLUSTER", "SLOTS")) == 3 and is_ok(node)

    def dsn(self, *, store: str | None = None, login: str = "") -> str:
        """By the first two nodes: the third is found by asking."""
        name = store or f"t{secrets.token_hex(6)}"
        first, second, *_ = (node.port for node in self.nodes)
        return f"redis+cluster://{login}127.0.0.1:{first},127.0.0.1:{second}?store={name}"

    def primary_of(self, store: str) -> RunningServer:
        """The one whose slots are those of a store."""
        return self.primaries[key_slot(f"{{{store}}}".encode()) * 3 // _SLOTS]

    @contextlib.contextmanager
    def nobody_takes_over(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for replica in self.replicas:
                stack.enter_context(replica.paused())
            yield

    def stop(self) -> None:
        for node in self.nodes:
            node.stop()


def ask(server: RunningServer, *command: str | int | bytes) -> Any:
    """A command that tells of the order among servers."""
    with server.client() as client:
        return client.execute_command(*command)


def is_linked(replica: RunningServer) -> bool:
    """Whether it has all that its primary has."""
    with replica.client() as client:
        return client.info("replication").get("master_link_status") == "up"


def is_ok(node: RunningServer) -> bool:
    """Whether the cluster works, as far as this one knows."""
    return b"cluster_state:ok" in ask(node, "CLUSTER", "INFO")


@cache
def shared_sentinel() -> Watched:
    """Those of this test run, which never fail over."""
    watched = Watched(patience=600_000, detached=True)
    stopped_at_the_end.extend((watched.stop, shared_sentinel.cache_clear))
    return watched


@cache
def shared_cluster() -> Cluster:
    """That of this test run, which never fails over."""
    cluster = Cluster(patience=600_000, detached=True)
    stopped_at_the_end.extend((cluster.stop, shared_cluster.cache_clear))
    return cluster
