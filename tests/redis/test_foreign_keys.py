"""Keys under our prefix that somebody else wrote, in the places where a push would write."""

import pytest

from gator_nb.backends.redis import RedisBackend
from gator_nb.errors import StoreCorrupt
from gator_nb.states import Status

from .blobs import key
from .pushes import LANE, push
from .servers import RunningServer

_NAMED = {"name": "nightly", "group": "g", "session": "s", "tags": ("red", "blue"), "queue": "q"}


@pytest.mark.parametrize(
    "place",
    [
        "name:nightly",
        "group:g",
        "groups:s",
        "tag:blue",
        "lanes:q",
        f"ready:1:q{LANE}",
        *(f"status:{int(one)}:q" for one in Status if one is not Status.WAITING),
    ],
)
def test_a_push_that_meets_one_stores_nothing(server: RunningServer, place: str) -> None:
    """Not even the tasks before it; the key is named, and once it is gone the push succeeds."""
    backend = RedisBackend(server.dsn())
    pushes = [push("plain"), push("named", **_NAMED)]
    with server.client() as client:
        client.set(key(backend, place), "not ours")
        with pytest.raises(StoreCorrupt, match=rf"{place} .*remove that key"):
            backend.put(pushes)
        assert backend.get(["plain", "named"]) == [None, None]
        assert client.get(key(backend, place)) == b"not ours"
        client.delete(key(backend, place))
    assert [record.id for record in backend.put(pushes)] == ["plain", "named"]
    assert backend.verify() == []
    backend.close()


def test_a_session_is_met_by_what_is_in_no_group(server: RunningServer) -> None:
    """Those are listed one by one."""
    backend = RedisBackend(server.dsn())
    with server.client() as client:
        client.set(key(backend, "session:s"), "not ours")
        with pytest.raises(StoreCorrupt, match="session:s"):
            backend.put([push("t", session="s")])
        client.delete(key(backend, "session:s"))
    assert backend.verify() == []
    backend.close()
