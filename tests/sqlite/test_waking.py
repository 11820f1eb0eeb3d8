"""Waking those who wait, in this process and in others."""

import socket
import tempfile
import time
from pathlib import Path

import pytest

from gator_nb.backends.sqlite import SQLiteBackend

from .specimens import opened, other_process, push

WAITER = """
listener = backend.listen(["work"], nap_time=float(sys.argv[2]))
say("ready")
woken = listener.wait(30)
say(woken, time.time())
listener.close()
"""


def test_a_push_wakes_another_process_at_once(backend: SQLiteBackend, path: Path) -> None:
    """By a datagram: long before the 30 s after which it would look by itself."""
    with other_process(WAITER, path, 30) as waiter:
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "ready\n"
        pushed = time.time()
        backend.put([push("a")])
        woken, at = waiter.communicate(timeout=60)[0].split()
    assert woken == "True"
    assert float(at) - pushed < 5


def test_a_lost_datagram_is_made_up_for(
    backend: SQLiteBackend, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every `nap_time` a listener looks whether another process has written."""
    monkeypatch.setattr(backend._waking, "announce", lambda *_: None)
    with other_process(WAITER, path, 0.05) as waiter:
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "ready\n"
        pushed = time.time()
        backend.put([push("a")])
        woken, at = waiter.communicate(timeout=60)[0].split()
    assert woken == "True"
    assert float(at) - pushed < 5


def test_a_listener_hears_only_its_topics(backend: SQLiteBackend) -> None:
    """A push is work and no news; the look at the store does not count our own writes."""
    news, work = backend.listen(["news"], nap_time=0.01), backend.listen(["work"], nap_time=0.01)
    backend.put([push("a")])
    assert work.wait(0)
    assert not news.wait(0.05)
    backend.cancel(["a"], "me")
    assert news.wait(0)
    assert not work.wait(0.05)
    news.close()
    work.close()


def test_wakes_before_a_wait_count_once(backend: SQLiteBackend) -> None:
    """Many wakes are one; after it the listener sleeps again."""
    listener = backend.listen(["work"], nap_time=30)
    for _ in range(1000):
        listener.wake()
    assert listener.wait(None)
    assert not listener.wait(0.01)
    listener.close()


def test_sockets_leave_with_their_listeners(backend: SQLiteBackend) -> None:
    """The folder of the store's sockets is gone with the last."""
    listener = backend.listen(["work"])
    path = listener.path  # type: ignore[attr-defined]
    assert path.exists()
    listener.close()
    assert not path.parent.exists()


def test_the_socket_of_a_dead_process_is_removed(backend: SQLiteBackend) -> None:
    """By the first that sends to it."""
    listener = backend.listen(["work"])
    stale = listener.path.with_name("w-1-dead")  # type: ignore[attr-defined]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(stale))
    backend.put([push("a")])
    assert not stale.exists()
    listener.close()


def test_a_path_too_long_for_a_socket_falls_back_to_looking(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then threads of this process are still woken at once."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with opened(path) as backend:
        listener = backend.listen(["work"], nap_time=30)
        assert listener.path is None  # type: ignore[attr-defined]
        backend.put([push("a")])
        assert listener.wait(5)
        listener.close()
