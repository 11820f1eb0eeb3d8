"""Opening a store: what the server must be, what it must allow, and what its disk promises."""

import logging
import secrets
from typing import NamedTuple

from ...errors import GatorError, StoreUnavailable, StoreVersion
from ...record import FORMAT
from .faults import not_allowed
from .messages import foreign_key
from .server import Server

_OLDEST = (6, 2)
_MEND = "CONFIG SET appendonly yes"
_MAX_PAYLOAD = 512 * 1024 * 1024
"""The largest value that a server takes unless told otherwise."""

_LOST_IN_FAILOVER = "; what was acknowledged within the last moments may be lost in a failover"

_log = logging.getLogger("gator_nb")
_warned: set[str] = set()


class Opened(NamedTuple):
    connected: float
    """The server's time."""
    durability: str
    max_payload: int


def open_store(server: Server) -> Opened:
    """Refuse what would lose tasks; make the store where there is none.

    Raises:
        StoreUnavailable, StoreCorrupt, StoreVersion
    """
    info = _info(server, "server", "replication", "memory", "persistence")
    _demand_usable(server, info)
    reply = server.run("open", FORMAT, secrets.token_hex(8))
    kind, *rest = (part.decode() for part in reply)
    if kind == "denied":
        raise not_allowed(server.address, rest[1:])
    if kind == "foreign":
        raise foreign_key(*rest)
    _, written, at = rest
    if int(written) > FORMAT:
        raise StoreVersion(
            f"{server.address} was written by a newer gator_nb (format {written}, this one knows "
            f"{FORMAT}): update this one, or take another store with ?store=name"
        )
    server.is_open = True
    settings = _settings(server, "appendfsync", "save", "proto-max-bulk-len")
    durability, safe = _durability(info, settings)
    durability += _LOST_IN_FAILOVER if server.address.kind != "server" else ""
    if not safe:
        _warn_once(f"{server.address}: {durability}")
    limit = int(settings.get("proto-max-bulk-len") or _MAX_PAYLOAD)
    return Opened(float(at), durability, limit)


def memory_of(server: Server) -> int:
    """Bytes that all that is on the server takes."""
    return int(_info(server, "memory").get("used_memory", "0"))


def _info(server: Server, *sections: str) -> dict[str, str]:
    # By section, because servers before 7 take one at a time.
    text = b"\n".join(server.command("INFO", one, patient=False) for one in sections)
    lines = (line.partition(":") for line in text.decode(errors="replace").splitlines())
    return {name: value.strip() for name, found, value in lines if found}


def _demand_usable(server: Server, info: dict[str, str]) -> None:
    version = info.get("redis_version", "0")
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST:
        raise StoreUnavailable(f"{server.address}: its version is {version}; 6.2 is the oldest")
    if "sentinel" in (info.get("redis_mode"), info.get("server_mode")):  # Redis and Valkey
        raise StoreUnavailable(
            f"{server.address} is a sentinel: write redis+sentinel://, its host and port, and the "
            "service"
        )
    if info.get("role") == "slave":
        primary = f"{info.get('master_host')}:{info.get('master_port')}"
        alone = server.address.kind == "server"
        what = "use that one" if alone else "a failover is under way, try again when it is over"
        raise StoreUnavailable(f"{server.address} is a replica of {primary}: {what}")
    policy = info.get("maxmemory_policy", "")
    if policy.startswith("allkeys"):
        raise StoreUnavailable(
            f"{server.address}: its maxmemory-policy is {policy}, which would remove tasks: "
            "CONFIG SET maxmemory-policy noeviction"
        )


def _settings(server: Server, *names: str) -> dict[str, str]:
    """What the server tells of its configuration; hosted ones tell nothing."""
    found: dict[str, str] = {}
    for name in names:
        try:
            flat = [part.decode() for part in server.command("CONFIG", "GET", name)]
        except GatorError:
            return found
        found |= dict(zip(flat[::2], flat[1::2], strict=True))
    return found


def _durability(info: dict[str, str], settings: dict[str, str]) -> tuple[str, bool]:
    """One sentence, and whether a killed server loses nothing."""
    if info.get("aof_enabled") == "1":
        sync = settings.get("appendfsync", "")
        takes = {
            "always": "survives the server being killed, and power loss (AOF, always)",
            "everysec": "survives the server being killed, save for its last two seconds while its "
            "disk lags; a power loss may take the last second (AOF, everysec)",
        }.get(sync, "survives the server being killed; a power loss may take the newest (AOF)")
        return takes, True
    if "save" not in settings:
        return f"its persistence is not told (it refuses CONFIG GET); without AOF: {_MEND}", False
    if settings["save"]:
        return f"a killed server loses what came after its last snapshot (RDB only): {_MEND}", False
    return f"gone when the server stops (no persistence): {_MEND}", False


def _warn_once(text: str) -> None:
    if text not in _warned:
        _warned.add(text)
        _log.warning("%s", text)
