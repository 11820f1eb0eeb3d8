"""The digest of large contiguous memory, at the speed of memory."""

import os
from collections.abc import Callable, Iterable
from hashlib import blake2b, sha256
from typing import Any

from .code_digest import SIZE

LARGE = 1 << 20
"""Bytes from which a value is hashed in pieces."""
_PIECE = 4 << 20
_THREADS = min(8, os.cpu_count() or 1)


def digest_of(data: Any) -> bytes:
    """16 bytes that follow from the content of a buffer of bytes."""
    view = memoryview(data)
    if view.nbytes < LARGE:
        return blake2b(view, digest_size=SIZE).digest()
    return digest_of_pieces(view[start : start + _PIECE] for start in range(0, len(view), _PIECE))


def digest_of_array(array: Any, as_bytes: Callable[[Any], Any]) -> bytes:
    """The same for an array of any layout; `as_bytes` makes a buffer of some of its rows, so that
    one that does not lie in order is never copied whole."""
    if array.nbytes < LARGE or not array.ndim:
        return digest_of(as_bytes(array))
    step = max(1, _PIECE * len(array) // array.nbytes)
    rows = (array[start : start + step] for start in range(0, len(array), step))
    return digest_of_pieces(rows, as_bytes)


def digest_of_pieces(pieces: Iterable[Any], as_bytes: Callable[[Any], Any] = memoryview) -> bytes:
    """One digest of pieces that are hashed side by side."""
    return blake2b(b"".join(digests_of(pieces, as_bytes)), digest_size=SIZE).digest()


def digests_of(pieces: Iterable[Any], as_bytes: Callable[[Any], Any] = memoryview) -> list[bytes]:
    """The SHA-256 digests of pieces, side by side: hashing holds no lock of Python's."""

    from concurrent.futures import ThreadPoolExecutor  # for what is large only

    def one(piece: Any) -> bytes:
        return sha256(as_bytes(piece)).digest()

    with ThreadPoolExecutor(_THREADS, "gator_nb digest") as pool:
        return list(pool.map(one, pieces))
