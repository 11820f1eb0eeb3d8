"""The large values of a store as one process uses them: each is fetched once, into a file that
lies in memory, and every reader maps it as its own."""

import mmap
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

from .backends.blobs import Blobs, not_there
from .capacities import usable_memory
from .errors import GatorError
from .payload import Large, verified

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
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._fetching: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def store(self, larges: Iterable[Large]) -> int:
        by_name = {large.name: large for large in larges}
        absent = self._blobs.missing(list(by_name)) if by_name else []
        return sum(store_one(self._blobs, by_name[name]) for name in absent)

    def fetch(self, names: Sequence[str]) -> list[Any]:
        return [self._with(name, _File.mapped) for name in names]

    def fetch_once(self, names: Sequence[str]) -> list[Any]:
        return [self._known(name, _File.mapped) or self._read(name).let_go() for name in names]

    def place(self, name: str) -> "Place":
        """Where a large value lies, for another process of this user to map at once.

        Raises:
            BlobMissing, StoreUnavailable, Untrusted
        """
        return self._with(name, _File.place)

    def close(self) -> None:
        with self._lock:
            files, self._files = self._files, OrderedDict()
            for file in files.values():
                file.close()

    def _with(self, name: str, use: Callable[["_File"], T]) -> T:
        """Use a file while nobody can close it."""
        while (found := self._known(name, use)) is None:
            with self._lock:
                fetching = self._fetching.setdefault(name, threading.Lock())
            with fetching:  # whoever else wants it waits for the same one
                if name not in self._files:
                    self._keep(name, self._read(name))
        return found

    def _known(self, name: str, use: Callable[["_File"], T]) -> T | None:
        with self._lock:
            file = self._files.get(name)
            if file is None:
                return None
            self._files.move_to_end(name)
            return use(file)

    def _read(self, name: str) -> "_File":
        return _File(verified(name, self._blobs.read(name)))

    def _keep(self, name: str, file: "_File") -> None:
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


class Place(NamedTuple):
    """A file with a large value, for as long as it is there."""

    path: str
    size: int
    number: int
    """Of the file itself: the path may be another one's by now."""

    def mapped(self) -> mmap.mmap | None:
        """What it holds; None when it is not there any more."""
        try:
            with Path(self.path).open("rb") as file:
                same = os.fstat(file.fileno()).st_ino == self.number
                return own_map(file.fileno(), self.size) if same else None
        except FileNotFoundError:
            return None


class _File:
    """A file without a name where the system has such; else one in the folder for temporary ones.

    Raises:
        Exception: whatever `chunks` raises.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._named = not hasattr(os, "memfd_create")
        if self._named:
            import tempfile  # where it is needed

            self.fd, self.path = tempfile.mkstemp(prefix="gator_nb-")
        else:
            self.fd = os.memfd_create("gator_nb")
            self.path = f"/proc/{os.getpid()}/fd/{self.fd}"
        try:
            with open(self.fd, "wb", buffering=0, closefd=False) as file:
                for chunk in chunks:
                    _write(file.fileno(), chunk)
                self.size = file.tell()
        except BaseException:
            self.close()
            raise

    def mapped(self) -> mmap.mmap:
        return own_map(self.fd, self.size)

    def let_go(self) -> mmap.mmap:
        """What it holds, which is all that is left of it."""
        try:
            return self.mapped()
        finally:
            self.close()

    def place(self) -> Place:
        return Place(self.path, self.size, os.fstat(self.fd).st_ino)

    def close(self) -> None:
        os.close(self.fd)
        if self._named:
            with suppress(FileNotFoundError):
                Path(self.path).unlink()


def own_map(fd: int, size: int) -> mmap.mmap:
    """What a file holds, copied where it is written to: pages that are only read are shared."""
    more = {"trackfd": False} if sys.version_info >= (3, 13) else {}
    return mmap.mmap(fd, size, access=mmap.ACCESS_COPY, **more)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
