"""The address of a store on a server: `redis://[user:password@]host[:port][/db]`, `rediss://` the
same by TLS, `unix:///path/to/socket`; and options behind a question mark.

| option | what it says |
|---|---|
| `store=name` | which store of that server and database; "gator" unless told otherwise |
| `db=1` | the database, for a socket |
| `insecure=1` | plain text to another machine is meant |
| `ca=/path`, `cert=/path`, `key=/path` | TLS: who signed the server's certificate, and one's own |
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from ...errors import StoreUnavailable

_OPTIONS = ("store", "db", "insecure", "ca", "cert", "key")
_STORE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LOOPBACK = re.compile(r"localhost|::1|127(\.\d+){3}", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?<=://).*@")
_SCHEMES = ("redis", "rediss", "unix")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store is. `str` of it has no password."""

    store: str = "gator"
    path: str = ""
    """Of a socket; then there is no host."""
    host: str = ""
    port: int = 6379
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    files: tuple[tuple[str, str], ...] = ()
    """Options of TLS: redis-py's word and a path."""

    def __str__(self) -> str:
        store = "" if self.store == "gator" else f"store={self.store}"
        if self.path:
            options = "&".join(part for part in (f"db={self.db}" if self.db else "", store) if part)
            return f"unix://{self.path}{'?' + options if options else ''}"
        who = "" if self.password is None else f"{self.username or ''}:***@"
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "rediss" if self.tls else "redis"
        return f"{scheme}://{who}{host}:{self.port}/{self.db}{'?' + store if store else ''}"

    def login(self) -> dict[str, Any]:
        """What redis-py wants to know about the place and the user."""
        place: dict[str, Any] = {"path": self.path}
        if not self.path:
            place = {"host": self.host, "port": self.port}
            if self.tls:
                place |= {"ssl_cert_reqs": "required", "ssl_check_hostname": True}
                place |= dict(self.files)
        return place | {"db": self.db, "username": self.username, "password": self.password}


def masked(conn_string: str) -> str:
    """An address that may be shown, even one that cannot be read.

    >>> masked("redis://me:secret@host/0")
    'redis://***@host/0'
    """
    return _CREDENTIALS.sub("***@", conn_string)


def parse(conn_string: str) -> Address:
    """Read an address; `%40` and the like are decoded.

    >>> str(parse("rediss://me:secret@lab.example/2?store=team"))
    'rediss://me:***@lab.example:6379/2?store=team'

    Raises:
        StoreUnavailable: it names no server, an option is unknown or takes no such value, or it
            would send plain text to another machine.
    """
    shown = masked(conn_string)
    try:
        parts = urlsplit(conn_string)
        port = parts.port
    except ValueError:
        raise StoreUnavailable(
            f"{shown}: its host or port cannot be read; write special characters of a password "
            "as %40 and the like"
        ) from None
    if parts.scheme not in _SCHEMES or parts.fragment:
        raise StoreUnavailable(
            f"{shown} is no address of a server: write redis://host:6379/0, rediss://host or "
            "unix:///path, with special characters of a password as %40 and the like"
        )
    options = _options(shown, parts.query)
    common: dict[str, Any] = {
        "store": _store(shown, options.get("store", "gator")),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
    }
    if parts.scheme == "unix":
        return _socket(shown, parts, options, common)
    if not parts.hostname:
        raise StoreUnavailable(f"{shown} names no host: write {parts.scheme}://localhost")
    tls = parts.scheme == "rediss"
    if not (tls or _LOOPBACK.fullmatch(parts.hostname) or options.get("insecure") == "1"):
        raise StoreUnavailable(
            f"{shown} would send everything to another machine as plain text: write rediss://, or "
            "add ?insecure=1 where the network itself is trusted"
        )
    db = _db(shown, parts.path.lstrip("/") or options.get("db", "0"))
    files = tuple((_TLS_FILES[name], options[name]) for name in _TLS_FILES if name in options)
    return Address(host=parts.hostname, port=port or 6379, db=db, tls=tls, files=files, **common)


_TLS_FILES = {"ca": "ssl_ca_certs", "cert": "ssl_certfile", "key": "ssl_keyfile"}


def _socket(
    shown: str, parts: SplitResult, options: dict[str, str], common: dict[str, Any]
) -> Address:
    if not parts.path or parts.hostname:
        raise StoreUnavailable(f"{shown} names no socket: write unix:///run/redis.sock")
    return Address(path=unquote(parts.path), db=_db(shown, options.get("db", "0")), **common)


def _options(shown: str, query: str) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for option in options:
        if option not in _OPTIONS:
            raise StoreUnavailable(
                f"{shown}: there is no option {option!r}; there is {', '.join(_OPTIONS)}"
            )
    if options.get("insecure", "1") not in ("0", "1"):
        raise StoreUnavailable(f"{shown}: insecure is 0 or 1, not {options['insecure']!r}")
    return options


def _store(shown: str, name: str) -> str:
    if not _STORE_NAME.fullmatch(name):
        raise StoreUnavailable(
            f"{shown}: {name!r} cannot be the name of a store; take letters, digits, _ . and -"
        )
    return name


def _db(shown: str, text: str) -> int:
    if not text.isdecimal():
        raise StoreUnavailable(f"{shown}: a database is a number, not {text!r}")
    return int(text)
