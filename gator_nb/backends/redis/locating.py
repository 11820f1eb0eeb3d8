"""Where the server of a store is at this moment: it moves when sentinels or a cluster fail over.

All keys of a store have one hash tag, so all its commands go to one node; who knows that node is
asked at each new connection. The clients of redis-py for sentinels and clusters try again on their
own, which would hide an outage from those who count leases.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from redis import exceptions
from redis.backoff import NoBackoff
from redis.connection import AbstractConnection, Connection, SSLConnection
from redis.connection import UnixDomainSocketConnection as SocketConnection
from redis.crc import key_slot
from redis.retry import Retry

from ...errors import StoreUnavailable
from .address import Address, Node

_CONNECT_TIMEOUT = 5.0


class NotLocated(exceptions.ConnectionError):
    """Nobody who was asked knows where the server is.

    Attributes:
        mend: what to do about it, where somebody did answer.
    """

    def __init__(self, text: str, mend: str = "") -> None:
        super().__init__(text)
        self.mend = mend


class Way:
    """The way to the server of a store, wherever that is."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._known = address.nodes
        """Who may be asked: who answered last comes first."""

    def connect(self, timeout: float) -> AbstractConnection:
        """A connection that connects at its first command, and tries once.

        Raises:
            StoreUnavailable: it would be plain text to another machine.
            redis.exceptions.RedisError: nobody says where the server is.
        """
        address = self.address
        if address.kind == "server":
            return _connection(address, address.nodes[0] if address.nodes else None, timeout)
        node = self._locate()
        if not address.may_send_to(node.host):
            raise StoreUnavailable(
                f"{address}: the server is at {node}, and everything would go there as plain text: "
                "write rediss, or add ?insecure=1 where the network itself is trusted"
            )
        return _connection(address, node, timeout)

    def _locate(self) -> Node:
        ask = _ask_sentinel if self.address.kind == "sentinel" else _ask_cluster
        told: list[str] = []
        mend = ""
        for node in self._known:
            try:
                found, others = ask(self.address, node)
            except exceptions.AuthenticationError:
                raise  # none of the others will like it better
            except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
                told.append(f"{node}: {error}")
                mend = getattr(error, "mend", mend)
            else:
                self._known = tuple(dict.fromkeys((node, *others, *self.address.nodes)))
                return found
        raise NotLocated("; ".join(told), mend)


def _connection(
    address: Address, node: Node | None, timeout: float, *, login: bool = True
) -> AbstractConnection:
    """To a node, or to the socket; without `login` nobody is named there."""
    options = address.login() | {
        "db": address.db,
        "socket_timeout": timeout,
        "socket_connect_timeout": _CONNECT_TIMEOUT,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "client_name": "gator_nb",
        "driver_info": None,
    }
    if not login:
        options |= {"db": 0, "username": None, "password": None}
    kind: Callable[..., AbstractConnection] = SSLConnection if address.tls else Connection
    if node is None:
        kind, options["path"] = SocketConnection, address.path
    else:
        options |= {"host": node.host, "port": node.port, "socket_keepalive": True}
    return kind(**options)


class _Asked:
    """One node that is asked where the server is."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection

    def __call__(self, *command: str | int) -> Any:
        self._connection.send_command(*command)
        return self._connection.read_response()


@contextmanager
def _asking(address: Address, node: Node, *, login: bool) -> Iterator[_Asked]:
    connection = _connection(address, node, _CONNECT_TIMEOUT, login=login)
    try:
        yield _Asked(connection)
    finally:
        connection.disconnect()


def _ask_sentinel(address: Address, node: Node, *, login: bool = False) -> tuple[Node, list[Node]]:
    """The primary of the service. Most sentinels know no users, so nobody is named at first."""
    try:
        with _asking(address, node, login=login) as ask:
            found = ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", address.service)
            if found is None:
                names = [fields[1].decode() for fields in ask("SENTINEL", "MASTERS")]
                raise NotLocated(
                    f"no service {address.service!r}",
                    f"mend the service in the address: the sentinel watches {', '.join(names)}",
                )
    except exceptions.AuthenticationError:
        if login or address.password is None:
            raise
        return _ask_sentinel(address, node, login=True)
    except exceptions.NoPermissionError:
        raise
    except exceptions.ResponseError as error:
        raise NotLocated(str(error), "that is no sentinel: write redis:// and its host") from error
    host, port = found
    return Node(host.decode(), int(port)), []


def _ask_cluster(address: Address, node: Node) -> tuple[Node, list[Node]]:
    """The node that has the slot of the store, and all that this one knows."""
    slot = key_slot(f"{{{address.store}}}:".encode())
    try:
        with _asking(address, node, login=True) as ask:
            state = ask("CLUSTER", "INFO")
            ranges = ask("CLUSTER", "SLOTS")
    except exceptions.NoPermissionError:
        raise
    except exceptions.ResponseError as error:
        raise NotLocated(str(error), "that server is in no cluster: write redis://") from error
    if b"cluster_state:ok" not in state:
        # One that was cut off believes in itself; and without a majority nobody answers anyway.
        raise NotLocated(
            "cluster_state:fail", "the cluster is down: look after it, or wait for its failover"
        )
    others = [_node_of(entry, node) for _, _, *entries in ranges for entry in entries]
    for first, last, primary, *_ in ranges:
        if first <= slot <= last:
            return _node_of(primary, node), others
    raise NotLocated(
        f"nobody has slot {slot}", "the cluster is not complete: give that slot to a node"
    )


def _node_of(entry: list[Any], asked: Node) -> Node:
    """A node as a cluster tells it: without a host it is that of whom was asked."""
    host = (entry[0] or b"").decode()
    return Node(asked.host if host in ("", "?") else host, entry[1])
