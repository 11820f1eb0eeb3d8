"""Large values where keys are not ours, replies are lost, or the server is full."""

import pytest

from gator_nb.backends.base import Answer
from gator_nb.backends.redis import RedisBackend
from gator_nb.errors import StoreCorrupt, StoreUnavailable
from gator_nb.states import RUNNING

from .blobs import grow_old, key, keys, store
from .proxy import Proxy
from .pushes import LANE, push, success
from .servers import RunningServer, running


@pytest.fixture
def remote(remote: RedisBackend) -> RedisBackend:
    """It knows the scripts by now, so that the reply which is lost is a verb's own."""
    store(remote, "warm", b"1")
    return remote


# -- the way there ----------------------------------------------------------------------------


def test_a_chunk_whose_reply_is_lost_is_stored_once(proxy: Proxy, remote: RedisBackend) -> None:
    proxy.lose_reply_to = b"EVALSHA"
    remote.blobs.add("a", 0, b"1")
    remote.blobs.complete("a", 1)
    assert list(remote.blobs.read("a")) == [b"1"]


def test_a_completion_whose_reply_is_lost_is_done(proxy: Proxy, remote: RedisBackend) -> None:
    """Also when others own it by then."""
    remote.blobs.add("a", 0, b"1")
    proxy.lose_reply_to = b"EVALSHA"
    remote.blobs.complete("a", 1)
    remote.put([push("t", refs=("a",))])
    remote.blobs.complete("a", 1)
    assert list(remote.blobs.read("a")) == [b"1"]


@pytest.mark.parametrize("verb", ["put", "settle", "drop_all"])
def test_a_lost_reply_makes_no_owner_count_twice(
    proxy: Proxy, remote: RedisBackend, verb: str
) -> None:
    store(remote, "a", b"1")
    store(remote, "b", b"1")
    _lose_if(proxy, verb == "put")
    remote.put([push("t", refs=("a",))])
    (claimed,) = remote.claim("w", None, [LANE], 1)
    _lose_if(proxy, verb == "settle")
    remote.settle([success(claimed, refs=("a", "b"))])
    assert remote.verify() == []
    _lose_if(proxy, verb == "drop_all")
    remote.drop_all("all")
    grow_old(remote)
    assert remote.blobs.forget() == 3


def test_scripts_that_the_server_forgot_are_sent_again(
    server: RunningServer, backend: RedisBackend
) -> None:
    with server.client() as client:
        backend.blobs.add("a", 0, memoryview(b"1"))
        client.script_flush()
        backend.blobs.add("a", 1, memoryview(b"2"))
        client.script_flush()
        backend.blobs.complete("a", 2)
        client.script_flush()
        backend.put([push("t", refs=("a",))])
        chunks = backend.blobs.read("a")
        client.script_flush()
        assert list(chunks) == [b"1", b"2"]


def test_a_full_server_refuses_chunks_and_lets_work_end() -> None:
    """What is there can be completed, found, owned by what ends, and removed."""
    with running("--maxmemory-policy", "noeviction") as server:
        backend = RedisBackend(server.dsn())
        backend.put([push("t")])
        (claimed,) = backend.claim("w", None, [LANE], 1)
        backend.blobs.add("a", 0, b"1")
        with server.client() as client:
            client.config_set("maxmemory", "1mb")
            with pytest.raises(StoreUnavailable, match=r"out of memory.*maxmemory"):
                backend.blobs.add("b", 0, b"1")
            assert keys(backend, server, "blob") == {"blob:a"}
            backend.blobs.complete("a", 1)
            assert backend.blobs.missing(["a", "b"]) == ["b"]
            assert backend.settle([success(claimed, refs=("a",))]) == [Answer.DONE]
            assert backend.verify() == []
            backend.drop_all("all")
            grow_old(backend)
            assert backend.blobs.forget() == 1
        backend.close()


# -- foreign keys, and damage -------------------------------------------------------------------


def test_a_foreign_key_in_the_place_of_a_blob_is_told_and_kept(server: RunningServer) -> None:
    """Nothing is written by a verb that meets it."""
    backend = RedisBackend(server.dsn())
    place = key(backend, "blob:a")
    with server.client() as client:
        client.set(place, "not ours")
        for meet in (
            lambda: backend.blobs.add("a", 0, b"1"),
            lambda: backend.blobs.complete("a", 1),
            lambda: backend.blobs.missing(["a"]),
            lambda: backend.blobs.read("a"),
            lambda: backend.put([push("t"), push("u", refs=("a",))]),
        ):
            with pytest.raises(StoreCorrupt, match="not of gator_nb"):
                meet()
        assert backend.get(["t", "u"]) == [None, None]
        assert keys(backend, server, "chunk") == set()
        assert client.get(place) == b"not ours"
    assert backend.verify() == ["blob:a is not what gator_nb writes"]
    backend.close()


def test_a_foreign_key_does_not_split_a_settlement(server: RunningServer) -> None:
    backend = RedisBackend(server.dsn())
    backend.put([push("t"), push("u")])
    first, second = backend.claim("w", None, [LANE], 2)
    with server.client() as client:
        client.set(key(backend, "blob:a"), "not ours")
        with pytest.raises(StoreCorrupt):
            backend.settle([success(first), success(second, refs=("a",))])
        assert backend.counts() == {"all": {RUNNING: 2}}
        client.delete(key(backend, "blob:a"))
    assert backend.settle([success(second, refs=("a",))]) == [Answer.DONE]
    assert backend.verify() == []
    backend.close()


def test_a_foreign_key_in_the_place_of_a_chunk_is_told_and_kept(server: RunningServer) -> None:
    backend = RedisBackend(server.dsn())
    place = key(backend, "chunk:0:a")
    with server.client() as client:
        client.rpush(place, "not ours")
        with pytest.raises(StoreCorrupt, match="not of gator_nb"):
            backend.blobs.add("a", 0, b"1")
        assert client.lrange(place, 0, -1) == [b"not ours"]
    assert keys(backend, server, "blob") == set()
    backend.close()


def test_tasks_go_when_a_blob_of_theirs_is_not_what_it_was(server: RunningServer) -> None:
    backend = RedisBackend(server.dsn())
    backend.put([push("t", refs=(store(backend, "a", b"1"), store(backend, "b", b"1")))])
    with server.client() as client:
        client.delete(key(backend, "blob:a"), key(backend, "chunk:0:a"))
        client.set(key(backend, "blob:b"), "not ours")
        backend.drop_all("all")
        client.delete(key(backend, "blob:b"), key(backend, "chunk:0:b"))
    assert backend.verify() == []
    backend.close()


def test_verify_names_what_does_not_fit(server: RunningServer) -> None:
    backend = RedisBackend(server.dsn())
    for name in ("counted", "gone", "short", "listed", "odd"):
        store(backend, name, b"1", b"2", b"3")
    backend.put([push("t", refs=("counted", "gone"))])
    with server.client() as client:
        client.hset(key(backend, "blob:counted"), "owners", 7)
        client.delete(key(backend, "blob:gone"), key(backend, "chunk:1:short"))
        client.set(key(backend, "chunk:3:short"), b"4")
        client.zadd(key(backend, "unowned"), {"counted": 5})
        client.zrem(key(backend, "unowned"), "listed")
        client.hset(key(backend, "blob:odd"), "chunks", "some")
    text = "\n".join(backend.verify())
    for told in (
        "blob:counted counts 7 owners; there are 1",
        "task t needs the large value gone, which is not there",
        "chunks are there of the large value gone, which is not",
        "the large value short lacks 1 chunks, from 1 on",
        "chunk:3:short is there",
        "unowned has 'counted'",
        "unowned lacks 'listed'",
        "blob:odd is not what gator_nb writes",
    ):
        assert told in text
    backend.close()


def _lose_if(proxy: Proxy, wanted: bool) -> None:
    proxy.lose_reply_to = b"EVALSHA" if wanted else b""
