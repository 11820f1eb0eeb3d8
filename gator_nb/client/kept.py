"""One large value as a process keeps it: its bytes, or from some size on a file that lies in memory
and is mapped by whoever reads it."""

import mmap
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import NamedTuple

_MAPPED = 16 << 20
"""Bytes from which it is a file. Each file, and until Python 3.13 each map of one, takes one of the
open files that a process may have, and those are few."""


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
                return _own_map(file.fileno(), self.size) if same else None
        except FileNotFoundError:
            return None


class Bytes:
    """A value that is copied for each reader."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)

    def close(self) -> None:
        pass


class File:
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
            for chunk in chunks:
                _write(self.fd, chunk)
            self.size = os.fstat(self.fd).st_size
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        os.close(self.fd)
        if self._named:
            with suppress(FileNotFoundError):
                Path(self.path).unlink()


Kept = Bytes | File


def kept(chunks: Iterator[bytes]) -> Kept:
    """Keep what these chunks are.

    Raises:
        Exception: whatever `chunks` raises.
    """
    first: list[bytes] = []
    size = 0
    for chunk in chunks:
        first.append(chunk)
        size += len(chunk)
        if size >= _MAPPED:
            return File(chain(first, chunks))
    return Bytes(b"".join(first))


def own(one: Kept) -> mmap.mmap | bytearray:
    """A buffer with the value, of which nobody else sees what is written into it."""
    return bytearray(one.data) if isinstance(one, Bytes) else _own_map(one.fd, one.size)


def place_of(one: Kept) -> Place | bytes:
    """What another process of this user needs to have it."""
    if isinstance(one, Bytes):
        return one.data
    return Place(one.path, one.size, os.fstat(one.fd).st_ino)


def let_go(one: Kept) -> mmap.mmap | bytearray:
    """A buffer with the value, which is all that is left of it."""
    try:
        return own(one)
    finally:
        one.close()


def _own_map(fd: int, size: int) -> mmap.mmap:
    """What a file holds, copied where it is written to: pages that are only read are shared."""
    more = {"trackfd": False} if sys.version_info >= (3, 13) else {}
    return mmap.mmap(fd, size, access=mmap.ACCESS_COPY, **more)


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
