"""Thousands of tasks: canceled in steps, told apart, waited for."""

import time

import pytest

from gator_nb import CANCELED, FAILED, SUCCESS, Gator, errors

from ..facade.conftest import claimed_elsewhere


def double(x: int) -> int:
    return 2 * x


def test_cancel_answers_those_it_concerned(gator: Gator) -> None:
    """Canceled by now, or asked to stop; what had ended is not among them."""
    group = gator.map(double, range(4))
    gator.pop()
    claimed_elsewhere(gator, group[1])
    concerned = group.cancel()
    assert [task.task_id for task in concerned] == [task.task_id for task in group[1:]]
    assert concerned[0].canceling
    assert concerned[1:].counts() == {CANCELED: 2}
    assert group[0].status is SUCCESS


def test_what_depends_on_a_canceled_one_of_the_group_is_canceled_itself(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many steps it takes: nothing fails for want of what was canceled with it."""
    monkeypatch.setattr("gator_nb.tasks.group._CHUNK", 3)
    first = gator.map(double, range(5))
    rest = [gator.options(depends_on=task).task(double, 1) for task in first]
    group = type(first)(gator.client, [*first, *rest])
    assert group.cancel().counts() == {CANCELED: 10}
    assert group.counts() == {CANCELED: 10}


def test_a_dependent_outside_of_the_group_fails(gator: Gator) -> None:
    """Nobody asked for its end, and it can never start."""
    group = gator.map(double, range(2))
    outside = gator.task(double, group[0])
    group.cancel()
    assert outside.wait(5).status is FAILED


def test_canceling_a_group_twice_concerns_nobody(gator: Gator) -> None:
    """The second time."""
    group = gator.map(double, range(3))
    assert (len(group.cancel()), len(group.cancel())) == (3, 0)


def test_priorities_go_before_the_order_of_pushing(gator: Gator) -> None:
    """Higher first; among equals the older one."""
    for name, priority in (("a", 0), ("b", -5), ("c", 100), ("d", 0)):
        gator.options(name=name, priority=priority).task(double, 1)
    assert [gator.pop().name for _ in range(4)] == ["c", "a", "d", "b"]


def test_tags_find_tasks(gator: Gator) -> None:
    """Any of several; the handle shows them."""
    gator.options(tags=["nightly", "gpu"]).map(double, range(3))
    gator.options(tags="nightly").task(double, 1)
    assert len(gator.tasks(tag="nightly")) == 4
    assert [task.tags for task in gator.tasks(tag="gpu", limit=1)] == [("nightly", "gpu")]
    assert len(gator.tasks(tag="weekly")) == 0


def test_a_task_may_go_to_another_queue(gator: Gator) -> None:
    """Of the same store; this queue does not run it."""
    task = gator.options(queue="gpu").task(double, 4)
    assert (task.queue, len(gator), len(gator.tasks(queue="gpu"))) == ("gpu", 0, 1)
    assert gator.pop() is None
    assert gator.pop_from(["gpu"]).result == 8
    assert task.get(5) == 8


def test_what_has_expired_is_not_run(gator: Gator) -> None:
    """It fails, and says so."""
    task = gator.options(expires=0.05).task(double, 1)
    time.sleep(0.06)
    assert gator.pop() is None
    assert task.wait(15).status is FAILED
    with pytest.raises(errors.TaskExpired, match="not started before its time was over"):
        task.get(5)


@pytest.mark.slow
def test_ten_thousand_are_pushed_followed_and_canceled(gator: Gator) -> None:
    """And shown as a table; figures are in the benchmarks, here it only has to work."""
    group = gator.map(double, range(10_000))
    assert len(group.table()) == 10_000
    gator.start_worker(threads=2)
    seen = 0
    for _ in group.as_completed(120):
        seen += 1
        if seen == 500:
            group.cancel()
    assert seen == 10_000
    counts = group.counts()
    assert counts[SUCCESS] + counts[CANCELED] == 10_000
