"""Waking: one connection and one thread, however many listen."""

import threading
import time
from collections.abc import Iterator

import pytest

from gator_nb.backends.redis import RedisBackend

from .pushes import push
from .servers import RunningServer, running


@pytest.fixture
def own_server() -> Iterator[RunningServer]:
    with running() as server:
        yield server


def subscribers(server: RunningServer) -> int:
    with server.client() as client:
        return len([one for one in client.client_list() if one["sub"] != "0"])


def ears() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "gator_nb listener"]


def test_many_listeners_share_one_connection(own_server: RunningServer) -> None:
    backend = RedisBackend(own_server.dsn())
    listeners = [backend.listen(["work"]) for _ in range(20)]
    assert (subscribers(own_server), len(ears())) == (1, 1)
    for listener in listeners:
        listener.close()
    assert ears() == []
    backend.close()


def test_another_process_is_woken_at_once(own_server: RunningServer) -> None:
    """Two backends stand for two processes; neither asks the server meanwhile."""
    one, two = RedisBackend(own_server.dsn(store="x")), RedisBackend(own_server.dsn(store="x"))
    listener = one.listen(["work"], nap_time=30)
    while listener.wait(0.05):
        pass
    threading.Timer(0.05, lambda: two.put([push("a")])).start()
    started = time.monotonic()
    assert listener.wait(20)
    assert time.monotonic() - started < 10
    listener.close()
    one.close()
    two.close()


def test_listeners_hear_again_after_a_restart(own_server: RunningServer) -> None:
    backend = RedisBackend(own_server.dsn(store="x"))
    listener = backend.listen(["work"], nap_time=30)
    own_server.kill()
    own_server.start()
    again = RedisBackend(own_server.dsn(store="x"))
    limit = time.monotonic() + 20
    while not subscribers(own_server):
        assert time.monotonic() < limit
        time.sleep(0.02)
    while listener.wait(0.1):
        pass
    again.put([push("a")])
    assert listener.wait(20)
    listener.close()
    again.close()
    backend.close()


@pytest.mark.slow
def test_while_nobody_tells_listeners_look(own_server: RunningServer) -> None:
    """A user who may not subscribe has to ask every second; nothing is missed."""
    with own_server.client() as client:
        client.acl_setuser("ann", enabled=True, nopass=True, keys="*", channels="*",
                           commands=["+@all", "-subscribe"])  # fmt: skip
    deaf = RedisBackend(own_server.dsn(store="x", login="ann:x@"))
    writer = RedisBackend(own_server.dsn(store="x"))
    listener = deaf.listen(["work"])
    while listener.wait(1.2):
        pass
    writer.put([push("a")])
    assert listener.wait(20)
    listener.close()
    writer.close()
    deaf.close()
