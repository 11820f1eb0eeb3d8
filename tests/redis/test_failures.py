"""Lost replies, restarts, a full server: what was acknowledged is there, once."""

import threading
import time
from collections.abc import Callable

import pytest

from gator_nb.backends.base import Answer, Beat, Presence
from gator_nb.backends.redis import RedisBackend
from gator_nb.errors import PayloadTooLarge, StoreCorrupt, StoreUnavailable
from gator_nb.states import SUCCESS, WAITING

from .proxy import Proxy
from .pushes import LANE, push, success
from .servers import RunningServer, running

# -- lost replies -----------------------------------------------------------------------------


def test_a_push_whose_reply_is_lost_is_stored_once(proxy: Proxy, remote: RedisBackend) -> None:
    proxy.lose_reply_to = b"EVALSHA"
    (answered,) = remote.put([push("a")])
    assert (answered.id, answered.status) == ("a", WAITING)
    assert remote.len("all") == 1


def test_a_claim_whose_reply_is_lost_hands_out_the_same(proxy: Proxy, remote: RedisBackend) -> None:
    """Else the tasks would run nowhere, held by a worker that does not know of them."""
    remote.put([push("a"), push("b"), push("c")])
    remote.claim("w", None, [LANE], 0)
    proxy.lose_reply_to = b"EVALSHA"
    claimed = remote.claim("w", None, [LANE], 2)
    assert [one.record.id for one in claimed] == ["a", "b"]
    assert [one.record.id for one in remote.claim("w", None, [LANE], 5)] == ["c"]


def test_a_lost_reply_of_nothing_claims_anew(proxy: Proxy, remote: RedisBackend) -> None:
    proxy.lose_reply_to = b"EVALSHA"
    assert remote.claim("w", None, [LANE], 2) == []


def test_one_task_claimed_with_its_reply_lost(proxy: Proxy, remote: RedisBackend) -> None:
    remote.put([push("a")])
    proxy.lose_reply_to = b"EVALSHA"
    claimed = remote.claim_task("w", "a")
    assert claimed.record.attempts == 1  # type: ignore[union-attr]


def test_a_settle_whose_reply_is_lost_is_done_once(proxy: Proxy, remote: RedisBackend) -> None:
    remote.put([push("a")])
    (claimed,) = remote.claim("w", None, [LANE], 1)
    proxy.lose_reply_to = b"EVALSHA"
    assert remote.settle([success(claimed, log=b"once")]) == [Answer.DONE]
    assert remote.log("a") == b"once"
    assert remote.counts()["all"][SUCCESS] == 1


def test_output_whose_reply_is_lost_is_there_once(proxy: Proxy, remote: RedisBackend) -> None:
    remote.put([push("a")])
    (claimed,) = remote.claim("w", None, [LANE], 1)
    beat = Beat("a", claimed.record.claim or "", log=b"once ")
    proxy.lose_reply_to = b"EVALSHA"
    assert remote.renew("w", [beat]) == [Answer.KEPT]
    remote.renew("w", [beat])
    assert remote.log("a") == b"once once "


# -- the server ---------------------------------------------------------------------------------


def test_scripts_that_the_server_forgot_are_sent_again(
    server: RunningServer, backend: RedisBackend
) -> None:
    backend.put([push("a")])
    with server.client() as client:
        client.script_flush()
    backend.put([push("b")])
    assert backend.len("all") == 2


def test_a_killed_server_with_aof_loses_nothing_that_was_acknowledged() -> None:
    """A client that pushes all the while only waits until the server is there again."""
    with running("--appendonly", "yes", "--appendfsync", "everysec") as server:
        backend = RedisBackend(server.dsn())
        pushed: list[str] = []
        enough = threading.Event()

        def go_on_pushing() -> None:
            while not enough.is_set():
                pushed.append(backend.put([push(f"t{len(pushed)}")])[0].id)

        client = threading.Thread(target=go_on_pushing)
        client.start()
        _wait_for(lambda: len(pushed) > 50)
        server.kill()
        before = len(pushed)
        server.start()
        _wait_for(lambda: len(pushed) > before + 50)
        enough.set()
        client.join()
        assert None not in backend.get(pushed)
        assert backend.len("all") == len(pushed)
        assert backend.verify() == []
        backend.close()


def test_after_a_restart_leases_get_a_new_start() -> None:
    """No worker could renew its own meanwhile."""
    with running("--appendonly", "yes") as server:
        backend = RedisBackend(server.dsn())
        backend.register(Presence("w", "worker", lease=0.8))
        backend.put([push("a")])
        backend.claim("w", None, [LANE], 1)
        time.sleep(1.0)  # the lease is over
        server.kill()
        server.start()
        assert backend.reap() == []
        _wait_for(lambda: [one.id for one in backend.reap()] == ["a"])
        backend.close()


def test_a_full_server_refuses_pushes_as_a_whole_and_lets_work_end() -> None:
    """What runs can be settled; when there is room again, pushes go on."""
    with running("--maxmemory-policy", "noeviction") as server:
        backend = RedisBackend(server.dsn())
        backend.put([push("a"), push("b")])
        (claimed,) = backend.claim("w", None, [LANE], 1)
        with server.client() as client:
            client.config_set("maxmemory", "1mb")
            with pytest.raises(StoreUnavailable, match=r"out of memory.*maxmemory"):
                backend.put([push("c"), push("d", depends_on=("c",))])
            assert backend.get(["c", "d"]) == [None, None]
            assert backend.settle([success(claimed)]) == [Answer.DONE]
            assert backend.claim("w", None, [LANE], 1)[0].record.id == "b"
            assert backend.verify() == []
            client.config_set("maxmemory", "0")
        assert backend.put([push("c")])[0].status is WAITING
        backend.close()


def test_on_a_full_server_workers_live_on() -> None:
    """They can come, renew their leases, be paused and go: nobody's tasks are taken for want of
    memory."""
    with running("--maxmemory-policy", "noeviction") as server:
        backend = RedisBackend(server.dsn())
        backend.register(Presence("w", "worker", lease=0.5))
        backend.put([push("a")])
        (claimed,) = backend.claim("w", None, [LANE], 1)
        with server.client() as client:
            client.config_set("maxmemory", "1mb")
            backend.register(Presence("fresh", "worker", lease=60))
            backend.pause("all")
            beat = Beat("a", claimed.record.claim or "", begun=True)
            for _ in range(5):
                time.sleep(0.2)
                assert backend.renew("w", [beat]) == [Answer.KEPT]
                assert backend.reap() == []
            backend.unregister("w")
            assert backend.verify() == []
        backend.close()


def test_a_payload_that_the_server_does_not_take_is_refused() -> None:
    with running("--proto-max-bulk-len", "1mb") as server:
        backend = RedisBackend(server.dsn())
        with pytest.raises(PayloadTooLarge, match="a has 1,048,577 bytes"):
            backend.put([push("a", b"x" * (2**20 + 1))])
        assert backend.get(["a"]) == [None]
        backend.close()


# -- damage -------------------------------------------------------------------------------------


def test_verify_names_what_does_not_fit(server: RunningServer) -> None:
    backend = RedisBackend(server.dsn(store="damaged"))
    backend.put([push("a", name="n"), push("b")])
    with server.client() as client:
        client.zrem("{damaged}:name:n", "a")
        client.zadd("{damaged}:due", {"b": 5})
        client.delete("{damaged}:e:b")
        client.set("{damaged}:o:nobody", b"result")
    text = "\n".join(backend.verify())
    for told in ("name:n lacks 'a'", "due has 'b'", "envelope e:b is missing", "o:nobody"):
        assert told in text
    backend.close()


def test_an_envelope_that_is_gone_is_told_and_nothing_is_claimed(server: RunningServer) -> None:
    backend = RedisBackend(server.dsn(store="bare"))
    backend.put([push("a"), push("b")])
    with server.client() as client:
        client.delete("{bare}:e:b")
    with pytest.raises(StoreCorrupt, match="task b"):
        backend.claim("w", None, [LANE], 5)
    assert backend.counts() == {"all": {WAITING: 2}}
    backend.close()


def test_a_record_that_is_not_ours_is_told(server: RunningServer) -> None:
    backend = RedisBackend(server.dsn(store="odd"))
    backend.put([push("a")])
    with server.client() as client:
        client.hset("{odd}:t:a", "created", "yesterday")
    with pytest.raises(StoreCorrupt, match="task a"):
        backend.get(["a"])
    backend.close()


def _wait_for(condition: Callable[[], object], seconds: float = 20.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come true"
        time.sleep(0.01)
