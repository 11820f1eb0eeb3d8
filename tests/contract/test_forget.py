"""`forget`: what has ended long ago, and what is kept all the same."""

import pytest

from gator_nb.backends.base import Backend, Push
from gator_nb.constants import DAY
from gator_nb.errors import TaskNotFound
from gator_nb.states import CANCELED, FAILED, SUCCESS

from .specimens import call, end, ended_as, push, record, status, success, take, take_one
from .stores import Clock


def run(backend: Backend, *pushes: Push) -> None:
    """Store these and let each succeed."""
    backend.put(pushes)
    for one in pushes:
        claimed = backend.claim_task("w1", one.record.id)
        backend.settle([success(claimed.record)])  # type: ignore[union-attr]


def left(backend: Backend) -> list[str]:
    return sorted(one.id for one in backend.page().records)


@pytest.mark.parametrize("how", [SUCCESS, FAILED, CANCELED])
def test_what_ended_before_is_removed_with_all_that_is_its(
    backend: Backend, clock: Clock, how: int
) -> None:
    ended_as(backend, "a", {SUCCESS: SUCCESS, FAILED: FAILED}.get(how, CANCELED))
    clock.advance(2 * DAY)
    assert backend.forget(clock.time) == 1
    assert backend.get(["a"]) == [None]
    with pytest.raises(TaskNotFound):
        backend.envelope("a")
    assert backend.counts() == {}


def test_only_what_has_ended_before_the_time_given(backend: Backend, clock: Clock) -> None:
    run(backend, call("a"))
    clock.advance(DAY)
    run(backend, call("b"))
    push(backend, "open")
    clock.advance(5 * DAY)
    assert backend.forget(clock.time - 5.5 * DAY) == 1
    assert left(backend) == ["b", "open"]


def test_never_what_ended_less_than_a_day_ago(backend: Backend, clock: Clock) -> None:
    """Whatever time is given."""
    run(backend, call("a"))
    clock.advance(DAY - 1)
    assert backend.forget(clock.time + 100 * DAY) == 0
    clock.advance(2)
    assert backend.forget(clock.time + 100 * DAY) == 1


def test_never_the_newest_of_a_name(backend: Backend, clock: Clock) -> None:
    run(backend, call("a", name="n"), call("b", name="n"), call("c", name="m"), call("d"))
    clock.advance(2 * DAY)
    assert backend.forget(clock.time) == 2
    assert left(backend) == ["b", "c"]


def test_never_the_group_of_the_newest_of_a_name(backend: Backend, clock: Clock) -> None:
    run(backend, call("old1", name="n", group="g1"), call("old2", group="g1"))
    run(backend, call("new1", name="n", group="g2"), call("new2", group="g2"))
    clock.advance(2 * DAY)
    assert backend.forget(clock.time) == 2
    assert left(backend) == ["new1", "new2"]


def test_never_a_part_of_an_unfinished_group(backend: Backend, clock: Clock) -> None:
    run(backend, call("a", group="g"))
    push(backend, "b", group="g")
    clock.advance(2 * DAY)
    assert backend.forget(clock.time) == 0
    backend.cancel(["b"], "me")
    assert backend.forget(clock.time) == 1


def test_never_what_an_open_dependent_needs(backend: Backend, clock: Clock) -> None:
    """Its result is an argument of a task that has not run yet."""
    run(backend, call("a"))
    push(backend, "b", depends_on=("a",))
    clock.advance(2 * DAY)
    assert backend.forget(clock.time) == 0
    backend.settle([success(take_one(backend))])
    assert backend.forget(clock.time) == 1


def test_oldest_first_and_at_most_limit(backend: Backend, clock: Clock) -> None:
    """By the time that they ended, not by push order."""
    backend.put([call("a"), call("b"), call("c")])
    a, b, c = (one.record for one in take(backend, 3))
    for claimed in (b, c, a):
        backend.settle([end(claimed, SUCCESS)])
        clock.advance(1)
    clock.advance(2 * DAY)
    assert backend.forget(clock.time, limit=2) == 2
    assert left(backend) == ["a"]


def test_count_only_removes_nothing(backend: Backend, clock: Clock) -> None:
    run(backend, call("a"), call("b"))
    cursor = backend.changes().cursor
    clock.advance(2 * DAY)
    assert backend.forget(clock.time, count_only=True) == 2
    assert left(backend) == ["a", "b"]
    assert not backend.changes(cursor).reset


def test_an_envelope_stays_while_a_retry_needs_it(backend: Backend, clock: Clock) -> None:
    ended_as(backend, "a", FAILED)
    backend.put([Push(call("b").record._replace(origin="a", parent="a"), None)])
    clock.advance(2 * DAY)
    assert backend.forget(clock.time) == 1
    assert backend.envelope("b") == b"call of a"
    backend.settle([success(take_one(backend))])
    assert status(backend, "b") is SUCCESS
    assert record(backend, "b").origin == "a"


def test_a_task_may_ask_to_be_kept_for_longer(backend: Backend, clock: Clock) -> None:
    """At least so long; what is kept stands in nobody's way."""
    push(backend, "long", keep=9 * DAY)
    backend.settle([success(take_one(backend))])
    ended_as(backend, "short", SUCCESS)
    clock.advance(5 * DAY)
    assert backend.forget(clock.time) == 1
    assert backend.get(["short"]) == [None]
    assert record(backend, "long").keep == 9 * DAY
    clock.advance(5 * DAY)
    assert backend.forget(clock.time) == 1
