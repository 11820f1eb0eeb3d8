"""The address of a store on a server:

| address | what it means |
|---|---|
| `redis://[user:password@]host[:port][/db]` | one server |
| `unix:///path/to/socket` | one server of this machine |
| `redis+sentinel://[user:password@]host[:port],host.../service` | the primary that sentinels name |
| `redis+cluster://[user:password@]host[:port],host...` | the node that has the store's slot |

`rediss://`, `rediss+sentinel://` and `rediss+cluster://` are the same by TLS. Sentinels are told
the same user and password where they ask for one. Options stand behind a question mark:

| option | what it says |
|---|---|
| `store=name` | which store of that server and database; "gator" unless told otherwise |
| `db=1` | the database, for a socket or a service |
| `insecure=1` | plain text to another machine is meant |
| `ca=/path`, `cert=/path`, `key=/path` | TLS: who signed the server's certificate, and one's own |
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from ...errors import StoreUnavailable
from ...masking import masked
from .certificates import demand_readable

Kind = Literal["server", "sentinel", "cluster"]

_OPTIONS = ("store", "db", "insecure", "ca", "cert", "key")
_TLS_WORDS = {"ca": "ssl_ca_certs", "cert": "ssl_certfile", "key": "ssl_keyfile"}
_STORE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LOOPBACK = re.compile(r"localhost|::1|127(\.\d+){3}", re.IGNORECASE)
_SCHEME = re.compile(r"unix|(rediss?)(?:\+(sentinel|cluster))?")
_SENTINEL_PORT, _PORT = 26379, 6379


class Node(NamedTuple):
    """A server by its host."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store is. `str` of it has no password."""

    store: str = "gator"
    kind: Kind = "server"
    path: str = ""
    """Of a socket; then there are no nodes."""
    nodes: tuple[Node, ...] = ()
    """The server, or those that know where it is."""
    service: str = ""
    """The name that sentinels have for it."""
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    files: tuple[tuple[str, str], ...] = ()
    """Options of TLS: redis-py's word and a path."""
    insecure: bool = False
    """Whether plain text may go to another machine."""

    def __str__(self) -> str:
        db = f"db={self.db}" if self.db and (self.path or self.service) else ""
        store = "" if self.store == "gator" else f"store={self.store}"
        options = "&".join(part for part in (db, store) if part)
        who = "" if self.password is None else f"{self.username or ''}:***@"
        return f"{self._scheme()}://{who}{self._place()}{'?' + options if options else ''}"

    def _scheme(self) -> str:
        if self.path:
            return "unix"
        secure = "rediss" if self.tls else "redis"
        return secure if self.kind == "server" else f"{secure}+{self.kind}"

    def _place(self) -> str:
        if self.path:
            return self.path
        behind = {"server": f"/{self.db}", "sentinel": f"/{self.service}", "cluster": ""}
        return ",".join(map(str, self.nodes)) + behind[self.kind]

    def login(self) -> dict[str, Any]:
        """What redis-py wants to know about the user and the way to talk."""
        login: dict[str, Any] = {"username": self.username, "password": self.password}
        if self.tls:
            login |= {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **dict(self.files)}
        return login

    def may_send_to(self, host: str) -> bool:
        """Whether nobody on the way can read along, or that is accepted."""
        return self.tls or self.insecure or bool(_LOOPBACK.fullmatch(host))


def parse(conn_string: str) -> Address:
    """Read an address; `%40` and the like are decoded.

    >>> str(parse("rediss://me:secret@lab.example/2?store=team"))
    'rediss://me:***@lab.example:6379/2?store=team'

    Raises:
        StoreUnavailable: it names no server, an option is unknown or takes no such value, a file
            cannot be read, or it would send plain text to another machine.
    """
    try:
        return _read(conn_string)
    except _Misspelled as error:
        raise StoreUnavailable(f"{masked(conn_string)}{error}") from None


class _Misspelled(Exception):
    """What is wrong with an address, as the end of a sentence that begins with it."""


def _read(conn_string: str) -> Address:
    try:
        parts = urlsplit(conn_string)
    except ValueError:
        raise _Misspelled(_UNREADABLE) from None
    scheme = _SCHEME.fullmatch(parts.scheme)
    if not scheme or parts.fragment:
        raise _Misspelled(
            " is no address of a server: write redis://host:6379/0, rediss://host or "
            "unix:///path, with special characters of a password as %40 and the like"
        )
    login, _, hosts = parts.netloc.rpartition("@")
    username, _, password = login.partition(":")
    options = _options(parts.query)
    common: dict[str, Any] = {
        "store": _store(options.get("store", "gator")),
        "username": unquote(username) or None,
        "password": unquote(password) or None,
    }
    if parts.scheme == "unix":
        if not parts.path or hosts:
            raise _Misspelled(" names no socket: write unix:///run/redis.sock")
        return Address(path=unquote(parts.path), db=_db(options.get("db", "0")), **common)
    address = Address(
        tls=scheme[1] == "rediss",
        insecure=options.get("insecure") == "1",
        files=_files(options, tls=scheme[1] == "rediss"),
        **_place(scheme[2] or "server", hosts, parts.path.strip("/"), options),
        **common,
    )
    if not all(address.may_send_to(node.host) for node in address.nodes):
        raise _Misspelled(
            " would send everything to another machine as plain text: write "
            f"{parts.scheme.replace('redis', 'rediss', 1)}://, or add ?insecure=1 where the "
            "network itself is trusted"
        )
    return address


_UNREADABLE = (
    ": its host or port cannot be read; write special characters of a password as %40 and the like"
)


def _place(kind: str, hosts: str, path: str, options: dict[str, str]) -> dict[str, Any]:
    """Whom to connect to, or to ask; and what for, which is in the path."""
    port = _SENTINEL_PORT if kind == "sentinel" else _PORT
    nodes = tuple(_node(text, port) for text in hosts.split(","))
    if kind == "sentinel":
        if not path:
            raise _Misspelled(f" names no service: write redis+sentinel://{hosts}/service")
        service = unquote(path)
        return {"kind": kind, "nodes": nodes, "service": service, "db": _db(options.get("db", "0"))}
    db = _db(path or options.get("db", "0"))
    if kind == "cluster" and db:
        raise _Misspelled(": a cluster has no databases; leave it out and take ?store=name")
    if kind == "server" and len(nodes) > 1:
        raise _Misspelled(" names several hosts: is it redis+cluster:// or redis+sentinel://?")
    return {"kind": kind, "nodes": nodes, "db": db}


def _node(text: str, default_port: int) -> Node:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _Misspelled(_UNREADABLE) from None
    if not host:
        raise _Misspelled(" names no host: write redis://localhost, or the name of a machine")
    return Node(host, port or default_port)


def _options(query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for option in options:
        if option not in _OPTIONS:
            known = ", ".join(_OPTIONS)
            raise _Misspelled(f": there is no option {masked(option)!r}; there is {known}")
    if options.get("insecure", "1") not in ("0", "1"):
        raise _Misspelled(f": insecure is 0 or 1, not {masked(options['insecure'])!r}")
    return options


def _files(options: dict[str, str], *, tls: bool) -> tuple[tuple[str, str], ...]:
    given = {name: str(Path(options[name]).expanduser()) for name in _TLS_WORDS if name in options}
    if given and not tls:
        raise _Misspelled(f": {', '.join(given)} mean something by TLS alone: write rediss")
    try:
        demand_readable(**given)
    except ValueError as error:
        raise _Misspelled(f": {error}") from None
    return tuple((_TLS_WORDS[name], path) for name, path in given.items())


def _store(name: str) -> str:
    if not _STORE_NAME.fullmatch(name):
        raise _Misspelled(
            f": {masked(name)!r} cannot be the name of a store; take letters, digits, _ . and -"
        )
    return name


def _db(text: str) -> int:
    if not text.isdecimal():
        raise _Misspelled(f": a database is a number, not {masked(text)!r}")
    return int(text)
