"""Which servers are refused, and what the others are said to promise."""

import socketserver
import threading

import pytest

from gator_nb.backends.redis import RedisBackend
from gator_nb.errors import StoreCorrupt, StoreUnavailable, StoreVersion
from gator_nb.record import FORMAT

from ..waiting import until
from .pushes import push
from .servers import RunningServer, running


def durability(*settings: str) -> str:
    with running(*settings) as server:
        backend = RedisBackend(server.dsn())
        backend.close()
    return backend.durability


@pytest.mark.parametrize(
    ("sync", "told"), [("always", "power loss"), ("everysec", "while its disk lags")]
)
def test_an_append_only_file_survives_a_killed_server(sync: str, told: str) -> None:
    sentence = durability("--appendonly", "yes", "--appendfsync", sync)
    assert sentence.startswith("survives the server being killed")
    assert told in sentence


def test_snapshots_alone_are_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    assert "RDB only" in durability("--save", "3600 1")
    assert "appendonly yes" in caplog.text


def test_no_persistence_is_warned_about(caplog: pytest.LogCaptureFixture) -> None:
    assert "gone when the server stops" in durability()
    assert "appendonly yes" in caplog.text


def test_a_replica_is_refused(server: RunningServer) -> None:
    with (
        running("--replicaof", f"127.0.0.1 {server.port}") as replica,
        pytest.raises(StoreUnavailable, match=f"replica of 127.0.0.1:{server.port}"),
    ):
        RedisBackend(replica.dsn())


def test_a_server_that_would_evict_tasks_is_refused() -> None:
    with (
        running("--maxmemory-policy", "allkeys-lru") as server,
        pytest.raises(StoreUnavailable, match=r"allkeys-lru.*noeviction"),
    ):
        RedisBackend(server.dsn())


def test_a_server_that_does_not_tell_its_settings_says_so_much() -> None:
    """As hosted ones do: nobody knows then what a crash would take."""
    with running() as server, server.client() as client:
        client.acl_setuser("eve", enabled=True, nopass=True, keys="*", channels="*",
                           commands=["+@all", "-config"])  # fmt: skip
        backend = RedisBackend(server.dsn(login="eve:x@"))
        backend.close()
    assert "not told" in backend.durability


def test_a_user_without_the_stores_channels_is_told_which(server: RunningServer) -> None:
    """Redis 7 gives a new user none."""
    with server.client() as client:
        client.acl_setuser("joe", enabled=True, nopass=True, keys="*", reset_channels=True,
                           commands=["+@all"])  # fmt: skip
        with pytest.raises(StoreUnavailable, match=r"SETUSER <user> &\{lab\}:\*"):
            RedisBackend(server.dsn(store="lab", login="joe:x@"))
        client.acl_deluser("joe")


@pytest.mark.slow
def test_a_user_who_may_not_subscribe_is_told(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    """All works, by looking once a second."""
    with server.client() as client:
        client.acl_setuser("sue", enabled=True, nopass=True, keys="*", channels="*",
                           commands=["+@all", "-subscribe"])  # fmt: skip
        backend = RedisBackend(server.dsn(login="sue:x@"))
        listener = backend.listen(["work"])
        until(lambda: "may not run subscribe" in caplog.text)
        listener.close()
        backend.close()
        client.acl_deluser("sue")
    assert caplog.text.count("looks once a second") == 1


@pytest.mark.parametrize("missing", ["zadd", "hset", "set", "unlink", "publish", "evalsha"])
def test_a_user_who_may_not_run_a_command_is_refused_by_its_name(
    server: RunningServer, missing: str
) -> None:
    with server.client() as client:
        client.acl_setuser("ann", enabled=True, nopass=True, keys="*", channels="*",
                           commands=["+@all", f"-{missing}"])  # fmt: skip
        with pytest.raises(StoreUnavailable, match=rf"may not run .*{missing}"):
            RedisBackend(server.dsn(login="ann:x@"))
        client.acl_deluser("ann")


def test_a_user_of_other_keys_is_refused(server: RunningServer) -> None:
    with server.client() as client:
        client.acl_setuser("bob", enabled=True, nopass=True, keys=["mine:*"], commands=["+@all"])
        with pytest.raises(StoreUnavailable, match="keys"):
            RedisBackend(server.dsn(login="bob:x@"))
        client.acl_deluser("bob")


@pytest.mark.parametrize("key", ["meta", "changes", "queues"])
def test_a_foreign_key_under_our_prefix_is_named(server: RunningServer, key: str) -> None:
    with server.client() as client:
        client.set(f"{{foreign-{key}}}:{key}", "not ours")
        with pytest.raises(StoreCorrupt, match=key):
            RedisBackend(server.dsn(store=f"foreign-{key}"))
        assert client.get(f"{{foreign-{key}}}:{key}") == b"not ours"


def test_a_newer_format_is_refused(server: RunningServer) -> None:
    RedisBackend(server.dsn(store="newer")).close()
    with server.client() as client:
        client.hset("{newer}:meta", "format", str(FORMAT + 1))
    with pytest.raises(StoreVersion, match="newer"):
        RedisBackend(server.dsn(store="newer"))


def test_two_stores_on_one_server_do_not_mix(server: RunningServer) -> None:
    one, two = RedisBackend(server.dsn(store="one")), RedisBackend(server.dsn(store="two"))
    one.put([push("a")])
    assert (one.len("all"), two.len("all"), two.get(["a"])) == (1, 0, [None])
    two.put([push("a", b"another call")])
    two.drop_all("all")
    assert one.envelope("a") == b"call"
    one.close()
    two.close()


def test_an_emptied_server_is_no_empty_queue() -> None:
    """Told until somebody opens the store anew."""
    with running() as server:
        backend = RedisBackend(server.dsn(store="x"))
        backend.put([push("a")])
        with server.client() as client:
            client.flushall()
        with pytest.raises(StoreUnavailable, match="gone from the server"):
            backend.len("all")
        RedisBackend(server.dsn(store="x")).close()
        assert backend.len("all") == 0
        backend.close()


@pytest.mark.parametrize("word", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"])
def test_another_service_on_that_port_is_told(word: bytes) -> None:
    """Nothing is corrupt: it is the wrong door."""

    class Other(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(word)
            self.request.recv(1000)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Other) as service:
        serving = threading.Thread(target=service.serve_forever)
        serving.start()
        try:
            with pytest.raises(StoreUnavailable, match="neither Redis nor Valkey: mend host or p"):
                RedisBackend(f"redis://127.0.0.1:{service.server_address[1]}/0")
        finally:
            service.shutdown()
            serving.join()


def test_a_closed_store_says_so(server: RunningServer) -> None:
    backend = RedisBackend(server.dsn())
    backend.close()
    backend.close()
    with pytest.raises(StoreUnavailable, match="closed here"):
        backend.len("all")


def test_a_server_that_goes_away_is_told_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gator_nb.backends.redis.server.PATIENCE", 0.3)
    with running() as server:
        backend = RedisBackend(server.dsn())
        server.kill()
        with pytest.raises(StoreUnavailable, match=f"{server.port}.*no server listens"):
            backend.len("all")
        backend.close()
