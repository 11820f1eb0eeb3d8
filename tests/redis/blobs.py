"""Blobs as these tests need them, and the keys that the server has of them."""

from gator_nb.backends.redis import RedisBackend
from gator_nb.constants import BLOB_GRACE

from .servers import RunningServer


def store(backend: RedisBackend, name: str, *chunks: bytes) -> str:
    for number, chunk in enumerate(chunks):
        backend.blobs.add(name, number, chunk)
    backend.blobs.complete(name, len(chunks))
    return name


def grow_old(backend: RedisBackend) -> None:
    """From here on what was touched so far is past its grace."""
    later = backend.now() + BLOB_GRACE + 1
    backend.clock = lambda: later


def key(backend: RedisBackend, name: str) -> str:
    return f"{{{backend._server.address.store}}}:{name}"


def keys(backend: RedisBackend, server: RunningServer, kind: str) -> set[str]:
    """Those of the store that are of a kind, without its prefix."""
    with server.client() as client:
        found = client.keys(key(backend, kind) + "*")
    return {name.decode().partition("}:")[2] for name in found}
