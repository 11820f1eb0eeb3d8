"""`claim`: which tasks a worker gets, and what it gets with them."""

from itertools import chain

import pytest

from gator_nb.backends.base import Backend, Beat
from gator_nb.constants import PROMOTE_BATCH
from gator_nb.record import Reason
from gator_nb.states import DELAYED, FAILED, RETRYING, RUNNING, WAITING

from .specimens import LANE, call, push, record, retry, status, success, take, take_one
from .stores import Clock


def ids(claimed: list) -> list[str]:
    return [one.record.id for one in claimed]


def test_a_claim_gives_record_and_envelope(backend: Backend, clock: Clock) -> None:
    push(backend, "a")
    ((claimed, envelope),) = take(backend)
    assert envelope == b"call of a"
    assert claimed == record(backend, "a")
    assert (claimed.status, claimed.worker, claimed.started) == (RUNNING, "w1", clock.time)


def test_every_claim_has_an_id_of_its_own(backend: Backend) -> None:
    """128 random bits in hex, also within a batch."""
    backend.put([call("a"), call("b"), call("c")])
    claims = {one.record.claim for one in take(backend, 3)}
    assert len(claims) == 3
    assert all(len(bytes.fromhex(claim or "")) == 16 for claim in claims)


def test_a_claim_counts_the_try(backend: Backend) -> None:
    """And begins anew: how far the one before it came, and was stopped, is not told of this one."""
    push(backend, "a", retries=1)
    first = take_one(backend)
    backend.renew("w1", [Beat("a", first.claim or "", cancel_step="interrupted")])
    backend.settle([retry(first, retries=0, progress='{"done": 1}')])
    second = take_one(backend)
    assert (first.attempts, second.attempts) == (1, 2)
    assert first.claim != second.claim
    assert (second.progress, second.cancel_step) == (None, None)


def test_nothing_is_claimed_twice(backend: Backend) -> None:
    push(backend, "a")
    assert ids(take(backend)) == ["a"]
    assert take(backend) == []
    assert take(backend, by="w2") == []


# -- order ------------------------------------------------------------------------------------


def test_order_is_priority_then_push(backend: Backend) -> None:
    backend.put([call("a"), call("b", priority=-100), call("c", priority=100), call("d")])
    assert ids(take(backend, 4)) == ["c", "a", "d", "b"]


def test_order_holds_across_the_lanes_served(backend: Backend) -> None:
    backend.put([call("a", lane="x"), call("b", lane="y"), call("c", lane="x", priority=1)])
    push(backend, "d", lane="z", priority=9)
    assert ids(take(backend, 4, lanes=("x", "y"))) == ["c", "a", "b"]


def test_only_lanes_that_are_served_are_taken(backend: Backend) -> None:
    push(backend, "a", lane="3.12/key/any/")
    assert take(backend, lanes=(LANE,)) == []
    assert take(backend, lanes=()) == []
    assert ids(take(backend, lanes=("3.12/key/any/",))) == ["a"]


def test_limit_bounds_a_claim(backend: Backend) -> None:
    backend.put([call(f"t{n}") for n in range(5)])
    assert ids(take(backend, 3)) == ["t0", "t1", "t2"]
    assert ids(take(backend, 9)) == ["t3", "t4"]


# -- queues -----------------------------------------------------------------------------------


def test_only_the_queues_asked_for_are_served(backend: Backend) -> None:
    push(backend, "a", queue="one")
    assert take(backend, queues=["two"]) == []
    assert take(backend, queues=[]) == []
    assert ids(take(backend, queues=["two", "one"])) == ["a"]


def test_none_serves_every_queue(backend: Backend) -> None:
    backend.put([call("a", queue="one"), call("b", queue="two")])
    assert set(ids(take(backend) + take(backend))) == {"a", "b"}


@pytest.mark.parametrize("queues", [None, ["one", "two", "three"]])
def test_queues_take_turns(backend: Backend, queues: list[str] | None) -> None:
    """However much lies in one of them, and however urgent it is."""
    backend.put([call(f"a{n}", queue="one", priority=50) for n in range(5)])
    backend.put([call(f"b{n}", queue="two") for n in range(2)])
    backend.put([call(f"c{n}", queue="three") for n in range(2)])
    served = [take(backend, queues=queues)[0].record.queue for _ in range(9)]
    assert {*served[:3]} == {*served[3:6]} == {"one", "two", "three"}
    assert served[6:] == ["one"] * 3


def test_one_call_takes_from_one_queue(backend: Backend) -> None:
    backend.put([call("a", queue="one"), call("b", queue="two")])
    assert len(take(backend, 10)) == 1


def test_a_queue_without_a_lane_served_does_not_take_a_turn(backend: Backend) -> None:
    backend.put([call("a", queue="one", lane="other"), call("b", queue="two")])
    assert ids(take(backend)) == ["b"]


# -- alone and begun --------------------------------------------------------------------------


def test_claimed_by_itself_is_begun(backend: Backend) -> None:
    """If its worker dies it may have run; of a batch nobody knows before a beat tells."""
    backend.put([call("a"), call("b"), call("c")])
    assert [one.record.begun for one in take(backend, 1)] == [True]
    assert [one.record.begun for one in take(backend, 2)] == [False, False]


def test_a_batch_of_one_is_begun_too(backend: Backend) -> None:
    push(backend, "a")
    assert [one.record.begun for one in take(backend, 5)] == [True]


def test_what_is_alone_is_claimed_by_itself(backend: Backend) -> None:
    backend.put([call("a"), call("b", alone=True), call("c"), call("d", alone=True)])
    batches = [ids(batch) for batch in iter(lambda: take(backend, 10), [])]
    assert ["b"] in batches
    assert ["d"] in batches
    assert sorted(chain(*batches)) == ["a", "b", "c", "d"]


# -- time -------------------------------------------------------------------------------------


def test_a_claim_promotes_what_is_due(backend: Backend, clock: Clock) -> None:
    push(backend, "a", due=clock.time + 10)
    assert take(backend) == []
    clock.advance(10)
    assert ids(take(backend)) == ["a"]


def test_a_promoted_task_takes_its_old_place(backend: Backend, clock: Clock) -> None:
    """Its rank is from its push: it was there first."""
    backend.put([call("a", due=clock.time + 10), call("b")])
    clock.advance(10)
    assert ids(take(backend, 2)) == ["a", "b"]


def test_a_retry_comes_when_it_is_due(backend: Backend, clock: Clock) -> None:
    push(backend, "a", retries=1)
    backend.settle([retry(take_one(backend), due=clock.time + 30)])
    assert status(backend, "a") is RETRYING
    assert take(backend) == []
    clock.advance(30)
    assert ids(take(backend)) == ["a"]


def test_a_claim_fails_what_has_expired(backend: Backend, clock: Clock) -> None:
    """Waiting or not: what was not started in time is FAILED, and what depends on it."""
    backend.put(
        [
            call("a", expires=clock.time + 5),
            call("b", expires=clock.time + 5, due=clock.time + 60),
            call("c", expires=clock.time + 5, held=True),
            call("d", depends_on=("a",)),
            call("e"),
        ]
    )
    clock.advance(5)
    assert ids(take(backend, 10)) == ["e"]
    for task_id in "abc":
        expired = record(backend, task_id)
        assert (expired.status, expired.reason) == (FAILED, Reason.EXPIRED)
        assert expired.finished == clock.time
    assert record(backend, "d").reason == Reason.DEPENDENCY


def test_what_runs_does_not_expire(backend: Backend, clock: Clock) -> None:
    """But given back unstarted after its time, it does."""
    push(backend, "a", expires=clock.time + 5)
    claimed = take_one(backend)
    clock.advance(6)
    assert take(backend) == []
    assert status(backend, "a") is RUNNING
    backend.release([("a", claimed.claim or "")])
    assert take(backend) == []
    assert record(backend, "a").reason == Reason.EXPIRED


def test_due_and_expired_at_once_is_expired(backend: Backend, clock: Clock) -> None:
    push(backend, "a", due=clock.time + 5, expires=clock.time + 6)
    clock.advance(10)
    assert take(backend) == []
    assert record(backend, "a").reason == Reason.EXPIRED


def test_one_call_promotes_a_bounded_number(backend: Backend, clock: Clock) -> None:
    """A backlog of alarms does not stall a claim; the next calls move the rest."""
    many = PROMOTE_BATCH + 100
    backend.put([call(f"t{n}", due=clock.time + 5) for n in range(many)])
    clock.advance(5)
    claimed = take(backend)
    assert len(claimed) == 1
    assert backend.counts()["all"][DELAYED] >= 100
    take(backend, 0)
    for _ in range(3):
        take(backend)
    assert DELAYED not in backend.counts()["all"]


def test_one_call_expires_a_bounded_number(backend: Backend, clock: Clock) -> None:
    """And never hands out one that the bound has left over."""
    many = PROMOTE_BATCH + 100
    backend.put([call(f"t{n}", expires=clock.time + 5) for n in range(many)])
    clock.advance(5)
    assert take(backend) == []
    assert backend.counts()["all"].get(FAILED, 0) <= PROMOTE_BATCH
    assert take(backend) == []
    assert backend.counts() == {"all": {FAILED: many}}


def test_a_settled_task_is_not_ready_again(backend: Backend) -> None:
    backend.put([call("a"), call("b")])
    backend.settle([success(take_one(backend))])
    assert ids(take(backend, 5)) == ["b"]
    assert WAITING not in backend.counts()["all"]


def test_what_a_worker_holds(backend: Backend) -> None:
    """By the store's word: until it has settled it, or somebody took it away."""
    backend.put([call("a"), call("b"), call("c")])
    one, two = (claimed.record for claimed in take(backend, 2))
    other = take_one(backend, by="w2")
    assert dict(backend.held("w1")) == {one.id: one.claim, two.id: two.claim}
    assert backend.held("w2") == [(other.id, other.claim)]
    backend.settle([success(one)])
    assert backend.held("w1") == [(two.id, two.claim)]
    backend.reap(["w1"])
    assert backend.held("w1") == backend.held("nobody") == []
