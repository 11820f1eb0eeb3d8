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


def test_so_do_those_of_several_backends_of_a_process(own_server: RunningServer) -> None:
    """Six notebooks' worth of gators in one kernel; another store has a connection of its own."""
    one = own_server.dsn(store="x")
    backends = [RedisBackend(one) for _ in range(6)]
    listeners = [backend.listen(["work", "news"], nap_time=30) for backend in backends]
    assert (subscribers(own_server), len(ears())) == (1, 1)
    other = RedisBackend(own_server.dsn(store="y"))
    listeners.append(other.listen(["work"]))
    assert (subscribers(own_server), len(ears())) == (2, 2)
    for listener in listeners:
        while listener.wait(0.05):
            pass
    backends[0].close()
    backends[1].put([push("a")])
    assert all(listener.wait(20) for listener in listeners[1:6])
    assert not listeners[6].wait(0.05)
    for listener in listeners:
        listener.close()
    for backend in (*backends[1:], other):
        backend.close()
    assert ears() == []


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
