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
    assert (address.host, address.port, address.db, address.store) == ("localhost", 7000, 3, "team")
    assert (parse("redis://127.0.0.1").port, parse("redis://[::1]/1").host) == (6379, "::1")


def test_a_socket() -> None:
    address = parse("unix:///run/my%20redis.sock?db=2&store=lab")
    assert (address.path, address.db, address.store) == ("/run/my redis.sock", 2, "lab")


def test_user_and_password_are_decoded() -> None:
    address = parse("rediss://me:p%40ss%2Fword@lab.example")
    assert (address.username, address.password, address.tls) == ("me", "p@ss/word", True)


def test_plain_text_to_another_machine_must_be_meant() -> None:
    with pytest.raises(StoreUnavailable, match="rediss://"):
        parse("redis://lab.example")
    assert parse("redis://lab.example?insecure=1").host == "lab.example"
    assert parse("redis://127.0.0.7").host == "127.0.0.7"


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
        for shown in (repr(backend), str(vars(backend)), caplog.text):
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
