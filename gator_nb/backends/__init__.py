"""Stores, and which one an address means."""

import sys
from collections.abc import Callable
from importlib import import_module
from urllib.parse import quote

from .. import settings
from ..errors import UnknownScheme
from ..places import data_folder
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
    """The backend for an address; None is `$GATOR_NB_CONN`, else SQLite in the user's data folder.

    Packages add kinds of stores by an entry point in the group `gator_nb.backends`, named after
    the scheme and leading to a `Backend`.

    Raises:
        UnknownScheme: the text lists the schemes that are known.
        StoreUnavailable, StoreCorrupt, StoreVersion: it cannot be opened, or is none of ours.
    """
    address = resolve(conn_string or settings.conn_string() or default_address())
    return _backend_class(address)(address)


def default_address() -> str:
    """The SQLite file in the user's data folder; says so once where that is not the usual one."""
    folder, note = data_folder()
    if note is not None:
        _say_once(note)
    return f"sqlite:///{quote(str(folder / 'store.sqlite'))}"


def _backend_class(address: str) -> Callable[[str], Backend]:
    scheme = address.partition("://")[0] if "://" in address else ""
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
    what = f"{scheme}:// is no kind of store" if scheme else "an address starts with a scheme"
    raise UnknownScheme(f"{what}; there are {known}")


_said: set[str] = set()


def _say_once(note: str) -> None:
    if note not in _said:
        _said.add(note)
        print(f"gator_nb: {note}", file=sys.stderr)  # noqa: T201
