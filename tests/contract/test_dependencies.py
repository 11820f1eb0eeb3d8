"""`depends_on`: tasks that wait for tasks."""

import pytest

from gator_nb.backends.base import Backend
from gator_nb.errors import DependencyError
from gator_nb.record import Reason
from gator_nb.states import BLOCKED, CANCELED, DELAYED, FAILED, RUNNING, SUCCESS, WAITING

from .specimens import (
    call,
    end,
    ended_as,
    failure,
    push,
    record,
    retry,
    status,
    success,
    take,
    take_one,
)
from .stores import Clock


def test_a_dependent_is_blocked_until_the_last_success(backend: Backend) -> None:
    backend.put([call("a"), call("b"), call("c", depends_on=("a", "b"))])
    assert status(backend, "c") is BLOCKED
    backend.settle([success(take_one(backend))])
    assert status(backend, "c") is BLOCKED
    backend.settle([success(take_one(backend))])
    assert status(backend, "c") is WAITING
    assert record(backend, "c").open_deps == 0


def test_two_dependencies_may_succeed_in_one_settle(backend: Backend) -> None:
    backend.put([call("a"), call("b"), call("c", depends_on=("a", "b"))])
    backend.settle([success(one.record) for one in take(backend, 2)])
    assert status(backend, "c") is WAITING


def test_a_dependency_named_twice_counts_once(backend: Backend) -> None:
    backend.put([call("a"), call("b", depends_on=("a", "a"))])
    backend.settle([success(take_one(backend))])
    assert status(backend, "b") is WAITING


def test_what_has_succeeded_does_not_block(backend: Backend) -> None:
    ended_as(backend, "a", SUCCESS)
    assert push(backend, "b", depends_on=("a",)).status is WAITING


def test_a_readied_dependent_still_keeps_its_time(backend: Backend, clock: Clock) -> None:
    backend.put([call("a"), call("b", depends_on=("a",), due=clock.time + 60)])
    backend.settle([success(take_one(backend))])
    assert status(backend, "b") is DELAYED


def test_a_retry_of_the_dependency_changes_nothing(backend: Backend) -> None:
    backend.put([call("a", retries=1), call("b", depends_on=("a",))])
    backend.settle([retry(take_one(backend), retries=0)])
    assert status(backend, "b") is BLOCKED
    backend.settle([success(take_one(backend))])
    assert status(backend, "b") is WAITING


@pytest.mark.parametrize("how", [FAILED, CANCELED])
def test_failure_goes_down_the_line(backend: Backend, clock: Clock, how: int) -> None:
    """What waits for a task that will not succeed fails, and what waits for that; each names it."""
    backend.put(
        [call("a", label="load"), call("b", depends_on=("a",)), call("c", depends_on=("b",))]
    )
    backend.settle([end(take_one(backend), FAILED if how == FAILED else CANCELED)])
    for task_id, cause in (("b", "a"), ("c", "b")):
        failed = record(backend, task_id)
        assert (failed.status, failed.reason) == (FAILED, Reason.DEPENDENCY)
        assert cause in (failed.error or "")
        assert failed.finished == clock.time


def test_cancel_of_a_waiting_dependency_fails_its_dependents(backend: Backend) -> None:
    backend.put([call("a"), call("b", depends_on=("a",))])
    backend.cancel(["a"], "me")
    assert record(backend, "b").reason == Reason.DEPENDENCY


def test_a_long_chain_fails_as_a_whole(backend: Backend) -> None:
    """However long: nothing here recurses."""
    chain = [call("t0")]
    chain += [call(f"t{n}", depends_on=(f"t{n - 1}",)) for n in range(1, 1500)]
    backend.put(chain)
    backend.settle([failure(take_one(backend))])
    assert backend.counts() == {"all": {FAILED: 1500}}


def test_a_held_dependent_fails_too(backend: Backend) -> None:
    backend.put([call("a"), call("b", depends_on=("a",), held=True)])
    backend.settle([failure(take_one(backend))])
    assert status(backend, "b") is FAILED


@pytest.mark.parametrize("how", [FAILED, CANCELED])
def test_a_push_behind_a_failure_is_stored_and_fails_at_once(backend: Backend, how: int) -> None:
    """So that it is seen where the user looks for it."""
    ended_as(backend, "a", FAILED if how == FAILED else CANCELED)
    answered = push(backend, "b", depends_on=("a",))
    assert (answered.status, answered.reason) == (FAILED, Reason.DEPENDENCY)
    assert "a" in (answered.error or "")
    assert record(backend, "b") == answered
    assert push(backend, "c", depends_on=("b",)).status is FAILED


def test_a_chain_behind_a_failure_fails_within_one_batch(backend: Backend) -> None:
    ended_as(backend, "a", FAILED)
    pushes = [call("b", depends_on=("a",)), call("c", depends_on=("b",)), call("d")]
    assert [one.status for one in backend.put(pushes)] == [FAILED, FAILED, WAITING]


def test_a_task_cannot_depend_on_itself(backend: Backend) -> None:
    with pytest.raises(DependencyError, match="a"):
        push(backend, "a", depends_on=("a",))
    assert backend.get(["a"]) == [None]


def test_an_unknown_dependency_is_named(backend: Backend) -> None:
    """A later push of the same batch is unknown too: order is how cycles are kept out."""
    with pytest.raises(DependencyError, match="nobody"):
        push(backend, "a", depends_on=("nobody",))
    with pytest.raises(DependencyError, match="later"):
        backend.put([call("a", depends_on=("later",)), call("later")])
    assert backend.counts() == {}


def test_claimed_by_needs_closed_dependencies(backend: Backend) -> None:
    push(backend, "a")
    with pytest.raises(DependencyError, match="a"):
        backend.put([call("b", depends_on=("a",))], claimed_by="w1")
    assert backend.get(["b"]) == [None]
    backend.settle([success(take_one(backend))])
    (answered,) = backend.put([call("b", depends_on=("a",))], claimed_by="w1")
    assert answered.status is RUNNING


def test_dependencies_reach_across_queues(backend: Backend) -> None:
    backend.put([call("a", queue="one"), call("b", queue="two", depends_on=("a",))])
    backend.settle([success(take_one(backend))])
    assert status(backend, "b") is WAITING


def test_what_waits_is_told_before_a_limit_that_is_full(backend: Backend) -> None:
    """A push that is to run at once names what it waits for: that has to end in any case."""
    backend.put([call("a", limit="1:disk")], claimed_by="w1")
    with pytest.raises(DependencyError, match="a"):
        backend.put([call("b", depends_on=("a",), limit="1:disk")], claimed_by="w1")
