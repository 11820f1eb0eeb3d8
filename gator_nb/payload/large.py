"""Large buffers: they leave a pickle for the store, once each by what they hold, and come back into
it from there (pickle protocol 5, PEP 574)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import blake2b, sha256
from pickle import PickleBuffer
from typing import Any, NamedTuple

from ..errors import GatorError, PayloadTooLarge, StoreUnavailable, Untrusted
from .content_digest import digests_of

LARGE = 1 << 20
"""Bytes from which a buffer leaves its pickle."""
CHUNK = (4 << 20) - 1024
"""Bytes of a chunk: a few milliseconds of a store's time, and what Redis keeps beside the value
still fits into four mebibytes (a byte more takes five)."""
Fetch = Callable[[Sequence[str]], Sequence[Any]]
"""Brings the buffers of these names, writable and of their own."""


Store = Callable[[Iterable["Large"]], int]
"""Brings large buffers into a store."""


class Frozen(NamedTuple):
    """A pickle, and the names of the large buffers that belong in it, in their order. Where it is
    empty, the first of these is the pickle itself."""

    data: bytes
    refs: tuple[str, ...] = ()


class Named:
    """What has the names of large values, and keeps them there as long as it is kept."""

    refs: tuple[str, ...]


class Large:
    """A large buffer on its way to a store, or one that is there already."""

    def __init__(self, buffer: PickleBuffer, name: str | None = None) -> None:
        self.buffer = buffer
        if name is not None:
            self.name = name

    @property
    def there(self) -> bool:
        """It is in the store, and `buffer` only stands for it."""
        return not self.buffer.raw().nbytes

    @cached_property
    def name(self) -> str:
        """What it goes by: a digest of its chunks, 64 hexadecimal characters. Whoever is told this
        name by somebody who holds the key need not trust the store."""
        return _name(self._digests)

    @cached_property
    def _digests(self) -> list[bytes]:
        return digests_of(self._pieces())

    @property
    def size(self) -> int:
        return self.buffer.raw().nbytes

    def chunks(self) -> Iterator[bytes]:
        """Copies of its chunks, each made sure of.

        Raises:
            GatorError: somebody has changed it since it was pickled.
        """
        for piece, digest in zip(self._pieces(), self._digests, strict=True):
            chunk = bytes(piece)
            if sha256(chunk).digest() != digest:
                raise GatorError(
                    "an array or other large value was changed, by another thread or process, "
                    "while it was being stored: do it again when nothing changes it"
                )
            yield chunk

    def _pieces(self) -> Iterator[memoryview]:
        view = self.buffer.raw()
        return (view[start : start + CHUNK] for start in range(0, view.nbytes, CHUNK))


def _name(digests: Iterable[bytes]) -> str:
    return blake2b(b"".join(digests), digest_size=32).hexdigest()


def divided(data: bytes, larges: Sequence[Large]) -> tuple[bytes, list[Large]]:
    """What stays of a pickle with these buffers, and what goes: a large one goes as a whole, so
    that no store needs to take anything large in one piece."""
    return (data, [*larges]) if len(data) < LARGE else (b"", [Large(PickleBuffer(data)), *larges])


def verified(name: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Passes chunks on, and at the end makes sure that they are what they are called.

    Raises:
        Untrusted
    """
    digests = []
    for chunk in chunks:
        digests.append(sha256(chunk).digest())
        yield chunk
    if _name(digests) != name:
        raise Untrusted(
            f"the large value {name[:12]} is not what was stored under this name: it was changed "
            "in the store"
        )


class Beside:
    """Gathers the large buffers of one pickle; it is the pickler's `buffer_callback`."""

    def __init__(self) -> None:
        self.found: list[Large] = []
        self._known: dict[int, Large] = {}

    def __call__(self, buffer: PickleBuffer) -> bool:
        """Whether a buffer is to stay in the pickle."""
        large = self._known.get(id(buffer))
        if large is None:
            if buffer.raw().nbytes < LARGE:
                return True
            large = Large(buffer)
        self.found.append(large)
        return False

    def there(self, names: Iterable[str]) -> list[PickleBuffer]:
        """Buffers that are in the store already."""
        return self.again(Large(PickleBuffer(b""), name) for name in names)

    def again(self, larges: Iterable[Large]) -> list[PickleBuffer]:
        """Buffers that have left another pickle, which becomes a part of this one."""
        known = list(larges)
        self._known.update((id(large.buffer), large) for large in known)
        return [large.buffer for large in known]


def is_scattered(array: Any) -> bool:
    """Whether it is a large array of numpy's that does not lie in one piece: a copy of it leaves as
    a buffer, it does not."""
    if not type(array).__module__.startswith("numpy") or array.nbytes < LARGE:
        return False
    flags = array.flags
    return not (flags.c_contiguous or flags.f_contiguous or array.dtype.hasobject)


def leaving(value: Any) -> Any:
    """What to pickle for a value so that large bytes leave as buffers do, be they the value itself
    or directly in a list, tuple or dict. Anything else is itself."""
    kind = type(value)
    if kind is bytes or kind is bytearray:
        return _large_bytes(value)
    if kind is dict and any(map(_is_large, value.values())):
        return {name: _large_bytes(one) for name, one in value.items()}
    if (kind is list or kind is tuple) and any(map(_is_large, value)):
        return kind(map(_large_bytes, value))
    return value


def _large_bytes(value: Any) -> Any:
    return _Bytes(value) if _is_large(value) else value


class _Bytes:
    """Stands for large bytes in a pickle."""

    __slots__ = ("value",)

    def __init__(self, value: bytes | bytearray) -> None:
        self.value = value

    def __reduce__(self) -> Any:
        return type(self.value), (PickleBuffer(self.value),)


def _is_large(value: Any) -> bool:
    return type(value) in (bytes, bytearray) and len(value) >= LARGE


def stored(store: Store, larges: Iterable[Large]) -> bool:
    """Whether a store has taken these; one that is away, or full, has not."""
    try:
        store(larges)
    except (StoreUnavailable, PayloadTooLarge):
        return False
    return True
