"""The contract for large values: stored once each, in chunks, so that nothing waits long behind
one. Its docstrings are its specification, as those of `base.py` are.

A blob goes by a name that follows from what it holds; the store need not know how. Tasks own those
in their record's `refs` and in the `refs` of their settlements, and what is owned stays. Every verb
is a step of its own and may be repeated; it raises what every verb of a `Backend` raises.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

Data = bytes | memoryview
"""Bytes of a chunk."""


class Blobs(ABC):
    """The blobs of one store."""

    @abstractmethod
    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of these that are not complete; the others stay for another `BLOB_GRACE` at
        least."""

    @abstractmethod
    def add(self, name: str, number: int, data: Data) -> None:
        """Store the chunk of that number, from 0, in place of one that is there. A blob that is
        complete stays as it is.

        Raises:
            PayloadTooLarge: the store cannot take a chunk of that size.
        """

    @abstractmethod
    def complete(self, name: str, chunks: int) -> None:
        """From now on a blob is there: its first `chunks` chunks. It stays for `BLOB_GRACE`, or for
        as long as a task owns it.

        Raises:
            BlobMissing: one of these chunks is not there.
        """

    @abstractmethod
    def read(self, name: str) -> Iterator[bytes]:
        """The chunks of a complete blob, in their order and each by itself.

        Raises:
            BlobMissing: it is not complete, or is removed meanwhile.
        """

    @abstractmethod
    def discard(self, name: str) -> None:
        """Remove a blob that is not complete; one that is stays. Whoever stores the same at this
        time is told by `complete`."""

    @abstractmethod
    def forget(self, *, limit: int = 100) -> int:
        """Remove blobs, complete or not, that no task owns and that nobody has stored or asked for
        in the last `BLOB_GRACE`, at most `limit`; answers how many."""
