"""Who follows the changes of a store is told when a server came back without the newest of them."""

from gator_nb.backends.redis import RedisBackend

from .pushes import push
from .servers import running


def test_versions_that_were_lost_are_not_taken_for_known_ones() -> None:
    """Else who saw the lost change would never hear of the one that has its number now."""
    with running("--save", "3600 1") as server:
        follower, other = RedisBackend(server.dsn(store="x")), RedisBackend(server.dsn(store="x"))
        other.put([push("kept")])
        with server.client() as client:
            client.save()
        other.put([push("lost")])
        cursor = follower.changes().cursor
        server.kill()
        server.start()
        other.put([push("new"), push("newer")])
        changes = follower.changes(cursor)
        assert changes.reset
        assert [one.id for one in follower.page().records] == ["newer", "new", "kept"]
        assert follower.verify() == []
        follower.close()
        other.close()


def test_a_client_that_comes_and_goes_resets_nobody() -> None:
    with running() as server:
        follower = RedisBackend(server.dsn(store="x"))
        cursor = follower.changes().cursor
        other = RedisBackend(server.dsn(store="x"))
        other.put([push("a")])
        other.close()
        changes = follower.changes(cursor)
        assert ([one.id for one in changes.records], changes.reset) == (["a"], False)
        follower.close()
