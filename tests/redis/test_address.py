"""What an address of a Redis store says, and that its password is never shown."""

import logging

import pytest

from gator_nb.backends.redis import RedisBackend
from gator_nb.backends.redis.address import parse
from gator_nb.errors import StoreUnavailable

from .servers import RunningServer, running

SECRET = "s3cret-word"


def test_host_port_and_database() -> None:
    address = parse("redis://localhost:7000/3?store=team")
    assert (address.nodes, address.db, address.store) == ((("localhost", 7000),), 3, "team")
    assert parse("redis://127.0.0.1").nodes == (("127.0.0.1", 6379),)
    assert parse("redis://[::1]/1").nodes == (("::1", 6379),)


def test_a_socket() -> None:
    address = parse("unix:///run/my%20redis.sock?db=2&store=lab")
    assert (address.path, address.db, address.store) == ("/run/my redis.sock", 2, "lab")


def test_sentinels_and_the_service_that_they_watch() -> None:
    address = parse("redis+sentinel://:secret@localhost,127.0.0.1:7001/lab?db=2")
    assert address.nodes == (("localhost", 26379), ("127.0.0.1", 7001))
    assert (address.service, address.db, address.password) == ("lab", 2, "secret")


def test_nodes_of_a_cluster() -> None:
    address = parse("redis+cluster://localhost:7000,[::1]:7001?store=team")
    assert address.nodes == (("localhost", 7000), ("::1", 7001))
    assert (address.kind, address.store) == ("cluster", "team")


@pytest.mark.parametrize(
    "shown",
    [
        "redis://localhost:6379/0",
        "rediss://me:***@[::1]:7000/3?store=team",
        "unix:///run/redis.sock?db=2&store=team",
        "redis+sentinel://localhost:26379,127.0.0.1:7001/lab?db=2",
        "rediss+cluster://:***@a:6379,b:6379?store=team",
    ],
)
def test_what_is_shown_reads_the_same_again(shown: str) -> None:
    assert str(parse(shown)) == shown


def test_user_and_password_are_decoded() -> None:
    address = parse("rediss://me:p%40ss%2Fword@lab.example")
    assert (address.username, address.password, address.tls) == ("me", "p@ss/word", True)


def test_plain_text_to_another_machine_must_be_meant() -> None:
    with pytest.raises(StoreUnavailable, match="rediss://"):
        parse("redis://lab.example")
    with pytest.raises(StoreUnavailable, match=r"rediss\+cluster://"):
        parse("redis+cluster://localhost,lab.example")
    assert parse("redis://lab.example?insecure=1").nodes[0].host == "lab.example"
    assert parse("redis://127.0.0.7").nodes[0].host == "127.0.0.7"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("redis://", "host"),
        ("redis://localhost:port/0", "host or port"),
        ("redis://localhost/zero", "database is a number"),
        ("redis://localhost?colour=red", "no option 'colour'"),
        ("redis://localhost?insecure=yes", "0 or 1"),
        ("redis://localhost?store=a{b}", "name of a store"),
        ("unix://localhost/x", "names no socket"),
        ("redis://me:pass#word@localhost", "special characters of a password"),
        ("redis+sentinel://localhost", "names no service"),
        ("redis+cluster://localhost/1", "no databases"),
        ("redis+cluster://localhost,,other", "names no host"),
        ("redis://localhost,127.0.0.1", "several hosts"),
        ("redis+tower://localhost", "no address of a server"),
        ("redis://localhost?ca=/nowhere.pem", "by TLS alone"),
        ("rediss://localhost?ca=/nowhere.pem", "ca=/nowhere.pem holds no certificates"),
        ("rediss://localhost?cert=/nowhere.pem", "cert=/nowhere.pem hold no certificate"),
        ("rediss://localhost?key=/nowhere.pem", "of no use without cert"),
    ],
)
def test_what_cannot_be_read_is_named(address: str, told: str) -> None:
    with pytest.raises(StoreUnavailable, match=told):
        parse(address)


@pytest.mark.parametrize(
    "address",
    [
        f"redis://me:{SECRET}@127.0.0.1:1/0",
        f"redis://me:{SECRET}@localhost:port/0",
        f"redis://me:{SECRET}@localhost?colour=red",
        f"redis://me:{SECRET}@lab.example",
        f"rediss://me:{SECRET}@127.0.0.1:1",
    ],
)
def test_an_error_does_not_show_the_password(address: str) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        RedisBackend(address)
    assert SECRET not in str(caught.value)
    assert SECRET not in repr(parse(f"redis://me:{SECRET}@localhost"))


def test_the_open_store_does_not_show_the_password(caplog: pytest.LogCaptureFixture) -> None:
    """Neither do its log lines, and a wrong one is told as such."""
    with running("--requirepass", SECRET) as server, caplog.at_level(logging.DEBUG):
        backend = RedisBackend(server.dsn(store="x", login=f":{SECRET}@"))
        assert backend.conn_string == f"redis://:***@127.0.0.1:{server.port}/0?store=x"
        for shown in (repr(backend), caplog.text):
            assert SECRET not in shown
        backend.close()
        with pytest.raises(StoreUnavailable, match="does not accept") as caught:
            RedisBackend(server.dsn(login=f":{SECRET[:-1]}@"))
        assert SECRET[:-1] not in str(caught.value)
        with pytest.raises(StoreUnavailable, match="wants a password"):
            RedisBackend(server.dsn())


def test_nobody_there() -> None:
    """Told at once, with what to mend."""
    with pytest.raises(StoreUnavailable, match="no server listens"):
        RedisBackend("redis://127.0.0.1:1/0")
    with pytest.raises(StoreUnavailable, match="no server listens"):
        RedisBackend("unix:///nowhere/redis.sock")
    with pytest.raises(StoreUnavailable, match="no such host"):
        RedisBackend("redis://no-such-host.invalid?insecure=1")


def test_a_port_without_tls(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gator_nb.backends.redis.server._TIMEOUT", 0.2)
    with pytest.raises(StoreUnavailable, match="does not speak TLS"):
        RedisBackend(f"rediss://127.0.0.1:{server.port}")
