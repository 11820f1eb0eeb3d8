"""Large values on a server: its keys, chunks that are many, and batches."""

from typing import Any

import pytest

from gator_nb.backends.redis import RedisBackend
from gator_nb.backends.redis.batches import MOST
from gator_nb.backends.redis.scripts import PAGE
from gator_nb.errors import BlobMissing, PayloadTooLarge, StoreUnavailable
from gator_nb.states import BLOCKED

from .blobs import grow_old, key, keys, store
from .pushes import LANE, push, success
from .servers import RunningServer, running
from .test_batches import die_at, reap_until_done

MANY_CHUNKS = 2 * PAGE + 10


# -- keys -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a:b:1", "{braces}", "naïve 🐊", "1", "*", ""])
def test_a_blob_of_any_name(backend: RedisBackend, name: str) -> None:
    store(backend, name, b"1", b"2")
    store(backend, f"0:{name}", b"other")
    backend.put([push("a", refs=(name,))])
    assert b"".join(backend.blobs.read(name)) == b"12"
    grow_old(backend)
    assert backend.blobs.forget() == 1
    assert backend.blobs.missing([name, f"0:{name}"]) == [f"0:{name}"]


def test_bytes_are_stored_once(backend: RedisBackend, server: RunningServer) -> None:
    """However many own them, and whoever stores them again."""
    chunk = bytes(1 << 20)
    for _ in range(2):
        store(backend, "a", chunk, chunk, chunk)
    backend.put([push(f"t{number}", refs=("a", "a")) for number in range(100)])
    (claimed,) = backend.claim("w", None, [LANE], 1)
    backend.settle([success(claimed, refs=("a",))])
    with server.client() as client:
        names = client.keys(key(backend, "*"))
        sizes = [client.memory_usage(name, samples=0) for name in names]
    assert sum(sizes) < 4.5 * len(chunk)  # the largest sizes of an allocator are a quarter apart
    backend.drop_all("all")
    grow_old(backend)
    assert backend.blobs.forget() == 1
    assert keys(backend, server, "chunk") | keys(backend, server, "unowned") == set()


def test_a_task_without_blobs_costs_nothing_for_them(
    backend: RedisBackend, server: RunningServer
) -> None:
    store(backend, "a", b"1")
    with server.client() as client, client.monitor() as monitor:
        backend.put([push("a")])
        (claimed,) = backend.claim("w", None, [LANE], 1)
        backend.settle([success(claimed)])
        backend.drop_all("all")
        with server.client() as marker:
            marker.echo(key(backend, "end"))
        told = [monitor.next_command()]
        while "ECHO" not in told[-1]["command"]:
            told.append(monitor.next_command())
    run = [one["command"] for one in told if one["client_type"] == "lua"]
    ours = [one for one in run if key(backend, "") in one]
    assert any("HSET" in one.upper() for one in ours)
    assert [one for one in ours if "blob:" in one or "unowned" in one] == []


# -- chunks -----------------------------------------------------------------------------------


def test_one_of_many_chunks_goes_over_several_calls(
    backend: RedisBackend, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is gone from the first on, and whoever breaks off leaves it to the next."""
    store(backend, "big", *[b"1"] * MANY_CHUNKS)
    store(backend, "small", b"1")
    grow_old(backend)
    with monkeypatch.context() as patch:
        patch.setattr(backend.blobs, "_run", _once(backend.blobs._run))
        with pytest.raises(_DiedError):
            backend.blobs.forget()
    assert 0 < len(keys(backend, server, "chunk:")) < MANY_CHUNKS
    assert backend.verify() == []
    with pytest.raises(BlobMissing):
        backend.put([push("a", refs=("big",))])
    assert backend.blobs.forget() == 2
    assert keys(backend, server, "chunk") | keys(backend, server, "blob") == set()


def test_one_that_is_half_gone_can_be_stored_anew(
    backend: RedisBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(backend, "big", *[b"1"] * MANY_CHUNKS)
    grow_old(backend)
    with monkeypatch.context() as patch:
        patch.setattr(backend.blobs, "_run", _once(backend.blobs._run))
        with pytest.raises(_DiedError):
            backend.blobs.forget()
    with pytest.raises(BlobMissing, match="as a whole"):
        backend.blobs.complete("big", MANY_CHUNKS)
    store(backend, "big", *[b"2"] * MANY_CHUNKS)
    assert backend.blobs.forget() == 0
    assert b"".join(backend.blobs.read("big")) == b"2" * MANY_CHUNKS


def test_one_that_goes_while_it_is_read_is_told(backend: RedisBackend) -> None:
    store(backend, "a", b"1", b"2")
    chunks = backend.blobs.read("a")
    assert next(chunks) == b"1"
    grow_old(backend)
    backend.blobs.forget()
    with pytest.raises(BlobMissing):
        next(chunks)


def test_a_store_that_goes_while_it_is_read_is_told() -> None:
    """It is no blob that somebody has removed."""
    with running() as server:
        backend = RedisBackend(server.dsn())
        chunks = backend.blobs.read(store(backend, "a", b"1"))
        with server.client() as client:
            client.flushall()
        with pytest.raises(StoreUnavailable, match="gone from the server"):
            next(chunks)
        backend.close()


def test_a_chunk_that_the_server_does_not_take_is_refused() -> None:
    with running("--proto-max-bulk-len", "1mb") as server:
        backend = RedisBackend(server.dsn())
        with pytest.raises(PayloadTooLarge, match=r"a has 1,048,577 bytes.*proto-max-bulk-len"):
            backend.blobs.add("a", 0, b"x" * (2**20 + 1))
        assert keys(backend, server, "blob") == set()
        backend.close()


# -- batches ----------------------------------------------------------------------------------


def test_what_is_taken_back_with_a_batch_owns_nothing(
    backend: RedisBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its client died between two parts."""
    store(backend, "a", b"1")
    many = [push(f"t{number}", refs=("a",)) for number in range(MOST + 100)]
    die_at(backend, monkeypatch, "put", 2, many)
    assert backend.counts() == {"all": {BLOCKED: MOST}}
    assert backend.verify() == []
    reap_until_done(backend)
    assert backend.counts() == {}
    grow_old(backend)
    assert backend.blobs.forget() == 1


def test_a_batch_is_refused_as_a_whole_when_a_blob_is_missing(backend: RedisBackend) -> None:
    store(backend, "a", b"1")
    many = [push(f"t{number}", refs=("a",)) for number in range(MOST + 100)]
    with pytest.raises(BlobMissing):
        backend.put([*many, push("last", refs=("a", "absent"))])
    assert backend.counts() == {}
    assert len(backend.put(many)) == len(many)
    assert backend.verify() == []
    grow_old(backend)
    assert backend.blobs.forget() == 0


class _DiedError(BaseException):
    """Nothing is done any more once this is raised."""


def _once(run: Any) -> Any:
    """Runs one verb; then its client is dead."""
    left = iter([run])

    def limited(*args: object) -> object:
        for real in left:
            return real(*args)
        raise _DiedError

    return limited
