"""The large values of a store as one process uses them: each is fetched once and kept for a while,
and every reader has its own."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from ..backends.blobs import Blobs
from ..backends.refusals import not_there
from ..errors import GatorError
from ..host.capacities import usable_memory
from ..payload import Large, verified
from .kept import Kept, Place, kept, let_go, own, place_of

T = TypeVar("T")

_MOST = 2 << 30
"""Bytes of files that are kept for who may want them again, on a large machine."""
_PART = 8
"""The files lie in memory: they take an eighth of it at most."""


class Depot(Protocol):
    """Takes large values to a store and brings them from there."""

    def store(self, larges: Iterable[Large]) -> int:
        """Store what the store does not have; answers how many bytes that were.

        Raises:
            StoreUnavailable, PayloadTooLarge
            GatorError: one was changed since it was pickled.
        """

    def fetch(self, names: Sequence[str]) -> list[Any]:
        """The buffers of these names, kept for others that want them. They are the caller's own:
        writing into one changes no other.

        Raises:
            BlobMissing, StoreUnavailable
            Untrusted: the store has something else under such a name.
        """

    def fetch_once(self, names: Sequence[str]) -> list[Any]:
        """The same, and nothing is kept: for who reads a result."""


class StoreDepot:
    """The depot of a process that has the store."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._files: OrderedDict[str, Kept] = OrderedDict()
        self._fetching: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def store(self, larges: Iterable[Large]) -> int:
        by_name = {large.name: large for large in larges}
        absent = self._blobs.missing(list(by_name)) if by_name else []
        return sum(store_one(self._blobs, by_name[name]) for name in absent)

    def fetch(self, names: Sequence[str]) -> list[Any]:
        return [self._with(name, own) for name in names]

    def fetch_once(self, names: Sequence[str]) -> list[Any]:
        return [self._known(name, own) or let_go(self._read(name)) for name in names]

    def place(self, name: str) -> Place | bytes:
        """Where a large value lies, for another process of this user to map at once; or its bytes.

        Raises:
            BlobMissing, StoreUnavailable, Untrusted
        """
        return self._with(name, place_of)

    def close(self) -> None:
        with self._lock:
            files, self._files = self._files, OrderedDict()
            for file in files.values():
                file.close()

    def _with(self, name: str, use: Callable[[Kept], T]) -> T:
        """Use a file while nobody can close it."""
        while (found := self._known(name, use)) is None:
            with self._lock:
                fetching = self._fetching.setdefault(name, threading.Lock())
            with fetching:  # whoever else wants it waits for the same one
                if name not in self._files:
                    self._keep(name, self._read(name))
        return found

    def _known(self, name: str, use: Callable[[Kept], T]) -> T | None:
        with self._lock:
            file = self._files.get(name)
            if file is None:
                return None
            self._files.move_to_end(name)
            return use(file)

    def _read(self, name: str) -> Kept:
        return kept(verified(name, self._blobs.read(name)))

    def _keep(self, name: str, file: Kept) -> None:
        with self._lock:
            self._fetching.pop(name, None)
            if name in self._files:
                file.close()
                return
            self._files[name] = file
            total = sum(one.size for one in self._files.values())
            most = min(_MOST, usable_memory() // _PART or _MOST)
            while total > most and len(self._files) > 1:
                _, old = self._files.popitem(last=False)
                total -= old.size
                old.close()


class Taking(Protocol):
    """What takes a blob; see `Blobs`."""

    def add(self, name: str, number: int, data: bytes, /) -> None: ...

    def complete(self, name: str, chunks: int, /) -> None: ...

    def discard(self, name: str, /) -> None: ...


def store_one(blobs: Taking, large: Large) -> int:
    """Store one large value that the store does not have; answers its bytes. What can be stored in
    part only, as in a store that is full, does not stay there.

    Raises:
        BlobMissing: it is said to be in the store.
    """
    if large.there:
        raise not_there(large.name)
    number = -1
    try:
        for number, chunk in enumerate(large.chunks()):
            blobs.add(large.name, number, chunk)
        blobs.complete(large.name, number + 1)
    except BaseException:
        with suppress(GatorError):  # that it could not be stored is what counts
            blobs.discard(large.name)
        raise
    return large.size
