"""`settle`: how a try ends, and who may say so."""

import pytest

from gator_nb.backends.base import Answer, Backend
from gator_nb.record import Reason
from gator_nb.states import CANCELED, FAILED, RETRYING, SUCCESS, Status

from .specimens import (
    call,
    end,
    failure,
    push,
    record,
    retry,
    status,
    stopped,
    success,
    take,
    take_one,
)
from .stores import Clock


def test_success_keeps_the_outcome(backend: Backend, clock: Clock) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    clock.advance(7)
    assert backend.settle([success(claimed, outcome=b"42", progress="p", metrics="m")]) == ["done"]
    ended = record(backend, "a")
    assert (ended.status, ended.finished, ended.reason) == (SUCCESS, clock.time, None)
    assert (ended.progress, ended.metrics, ended.worker) == ("p", "m", "w1")
    assert (ended.claim, ended.settled) == (claimed.claim, claimed.claim)
    assert backend.outcome("a") == b"42"


def test_failure_keeps_reason_and_error(backend: Backend) -> None:
    push(backend, "a")
    backend.settle([failure(take_one(backend), outcome=b"traceback")])
    ended = record(backend, "a")
    assert (ended.status, ended.reason, ended.error) == (FAILED, Reason.ERROR, "ValueError: no")
    assert backend.outcome("a") == b"traceback"


def test_stopped_is_canceled(backend: Backend) -> None:
    push(backend, "a")
    backend.settle([stopped(take_one(backend))])
    assert status(backend, "a") is CANCELED


def test_retrying_takes_the_retries_that_remain(backend: Backend, clock: Clock) -> None:
    """The holder says how many: hooks may have changed it."""
    push(backend, "a", retries=3)
    backend.settle([retry(take_one(backend), retries=7, due=clock.time + 9, outcome=b"first")])
    waiting = record(backend, "a")
    assert (waiting.status, waiting.retries, waiting.due) == (RETRYING, 7, clock.time + 9)
    assert (waiting.error, waiting.finished) == ("ValueError: no", None)
    assert backend.outcome("a") == b"first"


def test_retrying_at_once_is_claimed_next(backend: Backend) -> None:
    push(backend, "a", retries=1)
    backend.settle([retry(take_one(backend))])
    assert status(backend, "a") is RETRYING
    assert take_one(backend).id == "a"


def test_success_after_a_failed_try_leaves_no_error(backend: Backend) -> None:
    push(backend, "a", retries=1)
    backend.settle([retry(take_one(backend))])
    backend.settle([success(take_one(backend))])
    ended = record(backend, "a")
    assert (ended.status, ended.reason, ended.error) == (SUCCESS, None, None)


def test_output_since_the_last_beat_is_appended(backend: Backend) -> None:
    push(backend, "a", retries=1)
    backend.settle([retry(take_one(backend), log=b"one\n")])
    backend.settle([success(take_one(backend), log=b"two\n")])
    assert backend.log("a") == b"one\ntwo\n"


# -- fences -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [SUCCESS, FAILED, CANCELED, RETRYING])
def test_the_same_claim_again_is_done_and_changes_nothing(backend: Backend, how: Status) -> None:
    """The reply was lost; the holder asks again, perhaps with other words."""
    push(backend, "a", retries=1)
    claimed = take_one(backend)
    assert backend.settle([end(claimed, how, outcome=b"1", log=b"x")]) == [Answer.DONE]
    before = record(backend, "a")
    assert backend.settle([end(claimed, SUCCESS, outcome=b"2", log=b"y")]) == [Answer.DONE]
    assert record(backend, "a") == before
    assert (backend.outcome("a"), backend.log("a")) == (b"1", b"x")


def test_the_same_claim_twice_in_one_call_settles_once(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    assert backend.settle([success(claimed), failure(claimed)]) == [Answer.DONE, Answer.DONE]
    assert status(backend, "a") is SUCCESS


def test_a_claim_that_never_was_is_lost(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    forged = success(claimed)._replace(claim="0" * 32)
    assert backend.settle([forged]) == [Answer.LOST]
    assert record(backend, "a") == claimed
    assert backend.outcome("a") is None


def test_a_claim_that_was_taken_away_is_lost(backend: Backend) -> None:
    """Its worker was thought dead and comes back, after somebody else began the task: what it has
    is dropped."""
    push(backend, "a")
    stale = take_one(backend)
    backend.reap(["w1"])
    fresh = take_one(backend, by="w2")
    assert backend.settle([success(stale, log=b"late")]) == [Answer.LOST]
    assert record(backend, "a") == fresh
    assert (backend.outcome("a"), backend.log("a")) == (None, b"")


def test_an_unknown_task_is_lost(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    assert backend.settle([success(claimed)._replace(task_id="nobody")]) == [Answer.LOST]


def test_each_of_a_batch_is_answered_by_itself(backend: Backend) -> None:
    backend.put([call("a"), call("b"), call("c")])
    one, two, three = (claimed.record for claimed in take(backend, 3))
    ends = [success(one), success(two)._replace(claim="0" * 32), failure(three)]
    assert backend.settle(ends) == [Answer.DONE, Answer.LOST, Answer.DONE]
    assert backend.settle([]) == []


# -- against a cancel -------------------------------------------------------------------------


def test_a_retry_that_a_cancel_has_overtaken_is_canceled(backend: Backend, clock: Clock) -> None:
    push(backend, "a", retries=1)
    claimed = take_one(backend)
    backend.cancel(["a"], "me")
    assert backend.settle([retry(claimed)]) == [Answer.DONE]
    ended = record(backend, "a")
    assert (ended.status, ended.reason, ended.finished) == (CANCELED, "canceled", clock.time)


def test_a_success_that_wins_against_a_cancel_stays(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    backend.cancel(["a"], "me")
    backend.settle([success(claimed)])
    assert status(backend, "a") is SUCCESS
    backend.cancel(["a"], "me")
    assert status(backend, "a") is SUCCESS
