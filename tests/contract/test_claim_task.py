"""`claim_task`: take this very one."""

import pytest

from gator_nb.backends.base import Backend, Claimed
from gator_nb.errors import DependencyError, TaskNotFound, TaskRunning
from gator_nb.record import Reason
from gator_nb.states import CANCELED, FAILED, RUNNING, SUCCESS, WAITING

from .specimens import call, ended_as, push, record, retry, status, success, take, take_one
from .stores import Clock


def test_it_is_claimed_by_itself(backend: Backend, clock: Clock) -> None:
    backend.put([call("a"), call("b")])
    claimed = backend.claim_task("w1", "b")
    assert isinstance(claimed, Claimed)
    assert claimed.envelope == b"call of b"
    assert claimed.record == record(backend, "b")
    assert (claimed.record.status, claimed.record.begun) == (RUNNING, True)
    assert (claimed.record.attempts, claimed.record.started) == (1, clock.time)
    assert [one.record.id for one in take(backend, 5)] == ["a"]


def test_lane_time_and_hold_do_not_matter(backend: Backend, clock: Clock) -> None:
    backend.put(
        [
            call("lane", lane="2.7/other/any/"),
            call("time", due=clock.time + 60),
            call("hold", held=True),
        ]
    )
    for task_id in ("lane", "time", "hold"):
        assert isinstance(backend.claim_task("w1", task_id), Claimed)
    clock.advance(60)
    assert take(backend, 5, lanes=("2.7/other/any/",)) == []


def test_given_back_it_waits_with_neither_time_nor_hold(backend: Backend, clock: Clock) -> None:
    """Somebody wanted it to run now: that is not forgotten."""
    backend.put([call("a", due=clock.time + 60), call("b", held=True)])
    for task_id in ("a", "b"):
        claimed = backend.claim_task("w1", task_id)
        assert isinstance(claimed, Claimed)
        backend.release([(task_id, claimed.record.claim or "")])
        assert status(backend, task_id) is WAITING


def test_a_retrying_one_is_taken_early(backend: Backend, clock: Clock) -> None:
    push(backend, "a", retries=1)
    backend.settle([retry(take_one(backend), due=clock.time + 60)])
    claimed = backend.claim_task("w1", "a")
    assert isinstance(claimed, Claimed)
    assert claimed.record.attempts == 2


@pytest.mark.parametrize("how", [SUCCESS, FAILED, CANCELED])
def test_a_finished_one_is_answered_untouched(backend: Backend, how: int) -> None:
    before = ended_as(backend, "a", {SUCCESS: SUCCESS, FAILED: FAILED}.get(how, CANCELED))
    assert backend.claim_task("w1", "a") == before
    assert record(backend, "a") == before


def test_an_expired_one_is_not_started(backend: Backend, clock: Clock) -> None:
    push(backend, "a", expires=clock.time + 5)
    clock.advance(5)
    answered = backend.claim_task("w1", "a")
    assert not isinstance(answered, Claimed)
    assert answered.reason == Reason.EXPIRED


def test_a_running_one_is_refused(backend: Backend) -> None:
    push(backend, "a")
    before = take_one(backend)
    with pytest.raises(TaskRunning, match="a"):
        backend.claim_task("w2", "a")
    assert record(backend, "a") == before


def test_an_open_dependency_is_named(backend: Backend) -> None:
    backend.put([call("first"), call("second", depends_on=("first",))])
    with pytest.raises(DependencyError, match="first"):
        backend.claim_task("w1", "second")
    backend.settle([success(take_one(backend))])
    assert isinstance(backend.claim_task("w1", "second"), Claimed)


def test_an_unknown_one_is_not_found(backend: Backend) -> None:
    with pytest.raises(TaskNotFound, match="nobody"):
        backend.claim_task("w1", "nobody")
