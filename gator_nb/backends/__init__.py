"""Stores, and which one an address means."""

import sys
from collections.abc import Callable
from importlib import import_module
from urllib.parse import quote

from .. import settings
from ..errors import UnknownScheme
from ..host.places import data_folder
from ..masking import FullAddress, masked
from ..profiles import resolve
from .base import Backend

_BUILT_IN = {
    "memory": ("memory", "MemoryBackend"),
    "locmem": ("memory", "MemoryBackend"),
    "sqlite": ("sqlite", "SQLiteBackend"),
    "redis": ("redis", "RedisBackend"),
    "rediss": ("redis", "RedisBackend"),
    "redis+sentinel": ("redis", "RedisBackend"),
    "rediss+sentinel": ("redis", "RedisBackend"),
    "redis+cluster": ("redis", "RedisBackend"),
    "rediss+cluster": ("redis", "RedisBackend"),
    "unix": ("redis", "RedisBackend"),
}
_ENTRY_POINTS = "gator_nb.backends"


def open_backend(conn_string: str | None) -> Backend:
    """The backend for an address or a profile's name; None is as `address_of` says.

    Packages add kinds of stores by an entry point in the group `gator_nb.backends`, named after
    the scheme and leading to a `Backend`.

    Raises:
        UnknownScheme: the text lists the schemes that are known, or the profiles.
        StoreUnavailable, StoreCorrupt, StoreVersion: it cannot be opened, or is none of ours.
    """
    address = address_of(conn_string)
    return _backend_class(address)(address)


def address_of(conn_string: str | None) -> FullAddress:
    """The address that opens a store, with its password: of an address, of a profile by its name;
    None is `$GATOR_NB_CONN`, else SQLite in the user's data folder.

    Raises:
        UnknownScheme: no profile is called that; the text lists those there are.
        Untrusted, StoreUnavailable, StoreCorrupt: the profiles cannot be read.
    """
    return resolve(conn_string or settings.conn_string() or default_address())


def default_address() -> str:
    """The SQLite file in the user's data folder; says so once where that is not the usual one."""
    folder, note = data_folder()
    if note is not None:
        _say_once(note)
    return f"sqlite:///{quote(str(folder / 'store.sqlite'))}"


def _backend_class(address: str) -> Callable[[str], Backend]:
    scheme = address.partition("://")[0]
    if scheme in _BUILT_IN:
        module, name = _BUILT_IN[scheme]
        found: Callable[[str], Backend] = getattr(import_module(f".{module}", __name__), name)
        return found
    from importlib.metadata import entry_points  # slow to import, rarely needed

    added = {point.name: point for point in entry_points(group=_ENTRY_POINTS)}
    if scheme in added:
        loaded: Callable[[str], Backend] = added[scheme].load()
        return loaded
    known = ", ".join(f"{name}://" for name in sorted({*_BUILT_IN, *added}))
    raise UnknownScheme(f"{masked(scheme)}:// is no kind of store; there are {known}")


_said: set[str] = set()


def _say_once(note: str) -> None:
    if note not in _said:
        _said.add(note)
        print(f"gator_nb: {note}", file=sys.stderr)  # noqa: T201
