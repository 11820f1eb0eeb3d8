"""The primary that sentinels name, and what is said where they name none."""

import contextlib
from collections.abc import Iterator

import pytest
import redis

from gator_nb import Gator
from gator_nb.backends.redis import RedisBackend
from gator_nb.errors import StoreUnavailable

from ..waiting import until
from .pushes import push
from .servers import RunningServer, free_port
from .standins import SERVICE, Watched, ask, shared_sentinel


@pytest.fixture(scope="session")
def watched() -> Watched:
    return shared_sentinel()


def address(sentinel: RunningServer | int, service: str = SERVICE, login: str = "") -> str:
    port = sentinel if isinstance(sentinel, int) else sentinel.port
    return f"redis+sentinel://{login}127.0.0.1:{port}/{service}?store=x"


def test_the_store_is_on_the_primary(watched: Watched) -> None:
    backend = RedisBackend(watched.dsn(store="there"))
    backend.put([push("a")])
    assert ask(watched.primary, "EXISTS", "{there}:t:a") == 1
    backend.close()


def test_what_a_failover_may_lose_is_told(watched: Watched) -> None:
    with Gator(watched.dsn()) as gator:
        assert "within the last moments may be lost in a failover" in gator.durability


def test_the_next_sentinel_is_asked_when_one_is_away(watched: Watched) -> None:
    alive = f"127.0.0.1:{watched.sentinel.port}"
    backend = RedisBackend(f"redis+sentinel://127.0.0.1:{free_port()},{alive}/{SERVICE}?store=y")
    assert backend.len("all") == 0
    backend.close()


def test_no_sentinel_answers() -> None:
    one, two = free_port(), free_port()
    with pytest.raises(StoreUnavailable, match=rf"no server listens there.*{one}.*{two}"):
        RedisBackend(f"redis+sentinel://127.0.0.1:{one},127.0.0.1:{two}/{SERVICE}")


def test_a_service_that_they_do_not_know(watched: Watched) -> None:
    with pytest.raises(StoreUnavailable, match=f"the sentinel watches {SERVICE}.*'lap'"):
        RedisBackend(address(watched.sentinel, service="lap"))


def test_a_server_that_is_no_sentinel(watched: Watched) -> None:
    with pytest.raises(StoreUnavailable, match="no sentinel: write redis://"):
        RedisBackend(address(watched.primary))


def test_a_sentinel_in_place_of_a_server(watched: Watched) -> None:
    with pytest.raises(StoreUnavailable, match=r"is a sentinel: write redis\+sentinel://"):
        RedisBackend(watched.sentinel.dsn())


def test_plain_text_does_not_follow_a_sentinel_to_another_machine(watched: Watched) -> None:
    ask(watched.sentinel, "SENTINEL", "MONITOR", "far", "192.0.2.1", 6379, 1)
    with pytest.raises(StoreUnavailable, match=r"192\.0\.2\.1:6379.*plain text.*insecure=1"):
        RedisBackend(address(watched.sentinel, service="far"))
    ask(watched.sentinel, "SENTINEL", "REMOVE", "far")


def test_a_user_who_lacks_a_right_is_told_which(watched: Watched) -> None:
    with watched.primary.client() as client:
        client.acl_setuser("ann", enabled=True, nopass=True, keys="*", channels="*",
                           commands=["+@all", "-zadd"])  # fmt: skip
    with pytest.raises(StoreUnavailable, match=r"may not run .*zadd"):
        RedisBackend(address(watched.sentinel, login="ann:x@"))


def test_a_primary_that_would_evict_tasks_is_refused(watched: Watched) -> None:
    ask(watched.primary, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    with pytest.raises(StoreUnavailable, match=r"allkeys-lru.*noeviction"):
        RedisBackend(address(watched.sentinel))
    ask(watched.primary, "CONFIG", "SET", "maxmemory-policy", "noeviction")


# -- what changes the servers, which are this test's own ------------------------------------------


@pytest.fixture
def own() -> Iterator[Watched]:
    started = Watched(patience=600_000)
    yield started
    started.stop()


@pytest.mark.parametrize("sentinel_wants_it", [False, True])
def test_the_password_is_for_the_primary_and_for_sentinels_that_ask(
    own: Watched, sentinel_wants_it: bool
) -> None:
    ask(own.primary, "CONFIG", "SET", "requirepass", "word")
    if sentinel_wants_it:
        own.sentinel.demand("word")
    RedisBackend(address(own.sentinel, login=":word@")).close()
    with pytest.raises(StoreUnavailable, match="does not accept"):
        RedisBackend(address(own.sentinel, login=":wort@"))
    with pytest.raises(StoreUnavailable, match="wants a password"):
        RedisBackend(address(own.sentinel))


@pytest.mark.slow
def test_a_demoted_primary_is_left(own: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody died: an open store follows, and nothing that was acknowledged is missing."""
    monkeypatch.setattr("gator_nb.backends.redis.server.PATIENCE", 60.0)
    backend = RedisBackend(own.dsn(store="x"))
    backend.put([push("a")])
    # WAIT is for the writes of whoever asks, and this one has written nothing.
    until(lambda: ask(own.replica, "EXISTS", "{x}:t:a", "{x}:meta") == 2, 20.0)
    until(lambda: swapped(own.sentinel), 60.0)
    until(lambda: ask(own.primary, "ROLE")[0] == b"slave", 60.0)
    backend.put([push("b")])
    assert ask(own.replica, "EXISTS", "{x}:t:a", "{x}:t:b") == 2
    backend.close()


def swapped(sentinel: RunningServer) -> bool:
    """Whether the replica is being promoted; until the sentinel knows it well it is not."""
    with contextlib.suppress(redis.ResponseError):
        return bool(ask(sentinel, "SENTINEL", "FAILOVER", SERVICE))
    return False
