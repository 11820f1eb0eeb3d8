"""What an error of the server or of the way to it means to a user, in one place."""

import re

from redis import exceptions

from ...errors import GatorError, StoreCorrupt, StoreUnavailable
from . import certificates
from .address import Address
from .locating import NotLocated

_CODE = re.compile(
    r"\b(OOM|WRONGTYPE|NOPERM|READONLY|MISCONF|BUSY|LOADING|MASTERDOWN|MOVED|ASK|CROSSSLOT|"
    r"CLUSTERDOWN|TRYAGAIN|NOREPLICAS|EMPTIED|NOAUTH|WRONGPASS|DENIED|NOSCRIPT)\b"
)
_CODES: dict[type[Exception], str] = {
    exceptions.OutOfMemoryError: "OOM",
    exceptions.ReadOnlyError: "READONLY",
    exceptions.BusyLoadingError: "LOADING",
    exceptions.MasterDownError: "MASTERDOWN",
    exceptions.ClusterDownError: "CLUSTERDOWN",
    exceptions.MovedError: "MOVED",
    exceptions.AskError: "ASK",
    exceptions.TryAgainError: "TRYAGAIN",
    exceptions.NoPermissionError: "NOPERM",
}
_COMMAND = re.compile(r"run the '?([\w|]+)'? command")

_PASSING = {
    *("BUSY", "LOADING", "MASTERDOWN", "READONLY", "NOREPLICAS"),
    *("TRYAGAIN", "CLUSTERDOWN", "ASK"),
}
"""Worth another try: a restart, a failover, a long script or a move will be over. While a slot
moves its server runs no script at all, as the key that scripts name is nowhere."""

_MENDS: dict[str, tuple[type[GatorError], str]] = {
    "OOM": (
        StoreUnavailable,
        "the server is out of memory: raise its maxmemory, or remove finished tasks with purge()",
    ),
    "WRONGTYPE": (
        StoreCorrupt,
        "a key under its prefix is not of gator_nb: remove it, or take another ?store=name",
    ),
    "READONLY": (StoreUnavailable, "the server is a replica now: use the address of the primary"),
    "MISCONF": (
        StoreUnavailable,
        "the server cannot save to its disk and takes no writes: free some space there",
    ),
    "BUSY": (StoreUnavailable, "the server is busy with a long script of somebody else"),
    "LOADING": (StoreUnavailable, "the server is still reading its data from disk: wait for it"),
    "MOVED": (StoreUnavailable, "the server is a node of a cluster, which needs redis+cluster://"),
    "ASK": (StoreUnavailable, "the cluster moves this store to another node: wait for it"),
    "TRYAGAIN": (StoreUnavailable, "the cluster moves this store to another node: wait for it"),
    "CLUSTERDOWN": (
        StoreUnavailable,
        "the cluster is down: look after it, or wait for its failover",
    ),
    "NOREPLICAS": (
        StoreUnavailable,
        "the server takes no writes without its replicas (min-replicas-to-write): start those",
    ),
    "EMPTIED": (
        StoreUnavailable,
        "the store is gone, flushed or lost in a restart: open it anew to start with an empty one",
    ),
    "NOAUTH": (StoreUnavailable, "the server wants a password: redis://user:password@host"),
    "WRONGPASS": (StoreUnavailable, "the server does not accept this user and password"),
    "DENIED": (
        StoreUnavailable,
        "the server is in protected mode and refuses other machines: give it a password",
    ),
}


def code_of(error: Exception) -> str:
    """The server's word for what went wrong; empty when it has none."""
    for kind, code in _CODES.items():  # redis-py takes these out of the text
        if isinstance(error, kind):
            return code
    found = _CODE.search(str(error))
    return found[1] if found else ""


def passes(error: Exception, address: Address) -> bool:
    """Whether it may be over soon."""
    if isinstance(error, (exceptions.AuthenticationError, exceptions.AuthorizationError)):
        return False
    code = code_of(error)
    gone = isinstance(error, (exceptions.ConnectionError, exceptions.TimeoutError))
    moved = code == "MOVED" and address.kind == "cluster"
    return code in _PASSING or moved or (gone and not certificates.is_concerned(str(error)))


def explanation(address: Address, error: Exception) -> GatorError:
    """This package's error for one of redis-py's, with the address and the mend."""
    code = code_of(error)
    if isinstance(error, exceptions.AuthenticationError):
        code = "NOAUTH" if "required" in str(error) else "WRONGPASS"
    if code == "NOPERM":
        found = _COMMAND.search(str(error))
        return not_allowed(address, [found[1]] if found else [])
    if code in _MENDS:
        kind, mend = _MENDS[code]
        return kind(f"{address}: {mend} ({_first_line(error)})")
    if isinstance(error, NotLocated) and error.mend:
        return StoreUnavailable(f"{address}: {error.mend} ({_first_line(error)})")
    if isinstance(error, (exceptions.ConnectionError, exceptions.TimeoutError)):
        away = StoreUnavailable(f"{address}: {_way_there(address, error)} ({_first_line(error)})")
        away.passing = passes(error, address)
        return away
    if "protocol error" in str(error).lower():  # each of redis-py's two parsers has its own words
        other = "what answers there is neither Redis nor Valkey: mend host or port"
        return StoreUnavailable(f"{address}: {other} ({_first_line(error)})")
    return StoreCorrupt(f"{address}: the server refuses what gator_nb asks ({_first_line(error)})")


def not_allowed(address: Address, commands: list[str]) -> StoreUnavailable:
    """The user lacks rights; "&" among the commands are the channels of the store."""
    channels = f"&{{{address.store}}}:*"
    if "&" in commands:
        return StoreUnavailable(
            f"{address}: this user of the server may not use the channels of the store: "
            f"ACL SETUSER <user> {channels}"
        )
    what = ", ".join(commands) or "a command, or to use keys and channels under the store's prefix"
    rights = " ".join(f"+{command}" for command in commands) or "~{gator}:* &{gator}:*"
    return StoreUnavailable(
        f"{address}: this user of the server may not run {what}: ACL SETUSER <user> {rights}"
    )


def _way_there(address: Address, error: Exception) -> str:
    """What is wrong between here and the server."""
    text = str(error)
    if certificates.is_concerned(text):
        return certificates.mend(text)
    if "SSL" in text or (address.tls and "imeout connecting" in text):
        return "the server does not speak TLS there: write redis, or take its TLS port"
    if address.kind != "server" and not isinstance(error, NotLocated):
        return "its primary is gone, and no other has taken over yet: wait for the failover"
    if "refused" in text or "No such file" in text:
        return "no server listens there: start it, or mend host, port or path"
    if "Name or service" in text or "not known" in text or "resolution" in text:
        return "there is no such host: mend its name"
    if "imed out" in text or "imeout" in text:
        return "the server does not answer: mend host or port, or look after the server"
    if address.tls:
        return certificates.after_hanging_up(own="ssl_certfile" in dict(address.files))
    return "the server cannot be reached, or hung up; if that is its TLS port, write rediss"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].partition(" script: ")[0]
