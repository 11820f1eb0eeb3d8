"""`release`: give back what has not begun or has stopped."""

from gator_nb.backends.base import Answer, Backend
from gator_nb.states import CANCELED, FAILED, RUNNING, WAITING

from .specimens import call, push, record, retry, status, success, take, take_one
from .stores import Clock


def test_it_waits_again_in_its_old_place(backend: Backend) -> None:
    backend.put([call("a"), call("b"), call("c")])
    claimed = take(backend, 2)
    assert backend.release([("a", claimed[0].record.claim or "")]) == [Answer.DONE]
    assert status(backend, "a") is WAITING
    assert [one.record.id for one in take(backend, 5)] == ["a", "c"]


def test_the_try_does_not_count(backend: Backend) -> None:
    push(backend, "a", retries=1)
    backend.settle([retry(take_one(backend), retries=0)])
    backend.release([("a", take_one(backend).claim or "")])
    given_back = record(backend, "a")
    assert (given_back.attempts, given_back.losses, given_back.retries) == (1, 0, 0)
    assert not given_back.alone


def test_a_released_claim_is_done_again_and_then_worthless(backend: Backend) -> None:
    """The reply was lost and the release repeated, once before and once after the next claim."""
    push(backend, "a")
    old = take_one(backend)
    claims = [("a", old.claim or "")]
    assert backend.release(claims) == backend.release(claims) == [Answer.DONE]
    fresh = take_one(backend, by="w2")
    backend.release(claims)
    backend.settle([success(old)])
    assert record(backend, "a") == fresh
    assert status(backend, "a") is RUNNING


def test_a_claim_that_does_not_stand_is_lost(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    assert backend.release([("a", "0" * 32), ("nobody", "0" * 32)]) == [Answer.LOST] * 2
    assert record(backend, "a") == claimed


def test_what_was_asked_to_stop_is_canceled(backend: Backend, clock: Clock) -> None:
    """And what depends on it fails."""
    backend.put([call("a"), call("b", depends_on=("a",))])
    claimed = take_one(backend)
    backend.cancel(["a"], "me")
    assert backend.release([("a", claimed.claim or "")]) == [Answer.DONE]
    ended = record(backend, "a")
    assert (ended.status, ended.reason, ended.finished) == (CANCELED, "canceled", clock.time)
    assert status(backend, "b") is FAILED
