"""Handles as arguments: the task waits for the others and is called with their results."""

import pytest

from gator_nb import BLOCKED, FAILED, SUCCESS, Gator, Task, errors


def add(*numbers: int) -> int:
    return sum(numbers)


def fail() -> None:
    raise ValueError("no such file")


def test_a_handle_arrives_as_its_result(busy: Gator) -> None:
    """By position and by keyword."""
    two = busy.task(add, 1, 1)
    assert busy.task(add, two, 40).get(20) == 42
    assert busy.task(round, number=busy.task(float, "1.26"), ndigits=1).get(20) == 1.3


@pytest.mark.parametrize("holder", [list, tuple])
def test_inside_a_list_or_a_tuple_too(busy: Gator, holder: type) -> None:
    """Beside plain values, in their places."""
    two = busy.task(add, 1, 1)
    task = busy.task(lambda values: (type(values), list(values)), holder([1, two, 3]))
    assert task.get(20) == (holder, [1, 2, 3])


def test_inside_a_dict_too(busy: Gator) -> None:
    """As its values."""
    task = busy.task(lambda parts: parts["a"] + parts["b"], {"a": busy.task(add, 1), "b": 2})
    assert task.get(20) == 3


def test_a_group_arrives_as_the_list_of_its_results(busy: Gator) -> None:
    """Fan out and in, in two lines."""
    squares = busy.map(pow, [1, 2, 3], [2, 2, 2])
    assert busy.task(sum, squares).get(20) == 14


def test_deeper_inside_a_handle_stays_a_handle(busy: Gator) -> None:
    """Only what stands in an argument, or right in a list, tuple or dict, is exchanged."""
    two = busy.task(add, 1, 1)
    assert busy.task(lambda nested: nested[0][0].get(15), [[two]]).get(20) == 2


def test_a_chain_of_twenty(busy: Gator) -> None:
    """Each waits for the one before it."""
    task = busy.task(add, 0)
    for _ in range(20):
        task = busy.task(add, task, 1)
    assert task.get(20) == 20


def test_the_task_waits_for_what_it_is_given(gator: Gator) -> None:
    """Its arguments are its dependencies, beside those that were named."""
    first, second = gator.task(add, 1), gator.task(add, 2)
    last = gator.options(depends_on=first).task(add, second, second)
    assert (last.status, last.depends_on) == (BLOCKED, [first.task_id, second.task_id])
    gator.pop(), gator.pop()
    assert gator.pop().result == 4


def test_a_failed_argument_fails_the_task_and_is_named(gator: Gator) -> None:
    """With its id; the function is not called."""
    broken = gator.task(fail)
    with pytest.raises(ValueError, match="no such file"):
        gator.pop()
    task = gator.task(add, broken)
    assert task.status is FAILED
    with pytest.raises(errors.DependencyError, match=broken.task_id):
        task.get(5)


def test_a_task_that_is_not_on_the_queue_is_no_argument(gator: Gator) -> None:
    """It has no result to wait for."""
    with pytest.raises(TypeError, match="push it first"):
        gator.task(add, Task())


def test_a_task_of_another_store_is_no_argument(gator: Gator) -> None:
    """This store could not tell when it ends."""
    with Gator("memory://") as elsewhere:
        task = elsewhere.task(add, 1)
    with pytest.raises(errors.DependencyError, match="push that one first"):
        gator.task(add, task)


def test_what_runs_here_and_now_gets_results_too(busy: Gator) -> None:
    """`is_async=False` waits for them; `execute` runs once they are there."""
    two = busy.task(add, 1, 1)
    assert busy.push(Task(is_async=False), add, two, 1).result == 3
    task = Task()
    task.to_call(add, two.wait(20), 5)
    assert busy.execute(task).result == 7


def test_a_result_that_was_removed_is_missed_by_name(gator: Gator) -> None:
    """Retention keeps what an open task needs; who drops it anyway is told what is missing."""
    with Gator(queue_name="sources", backend_class=lambda _: gator.backend) as sources:
        source = sources.task(add, 1)
        sources.pop()
        task = gator.task(add, source)
        gator.backend.drop_all("sources")
        with pytest.raises(errors.DependencyError, match=source.task_id):
            gator.pop()
        assert task.status is FAILED
        gator.client.leave()


def test_reuse_knows_chains(gator: Gator) -> None:
    """The same call of the same results is the same task."""
    again = gator.options(reuse=True)
    first = again.task(add, again.task(add, 1), 2)
    assert again.task(add, again.task(add, 1), 2).task_id == first.task_id
    assert again.task(add, again.task(add, 2), 2).task_id != first.task_id


def test_captured_a_handle_stays_a_handle(busy: Gator) -> None:
    """It is on the worker's own store there, and no dependency."""
    two = busy.task(add, 1, 1)
    task = busy.task(lambda: (type(two).__name__, two.get(15), two.status))
    assert task.get(20) == ("Task", 2, SUCCESS)
    assert task.depends_on is None


def test_a_captured_gator_becomes_the_workers_own(busy: Gator) -> None:
    """A task may push others, to the same queue, and answer handles on them."""
    task = busy.task(lambda: busy.task(add, 20, 22))
    inner = task.get(20)
    assert repr(inner) == f"<Task {inner.task_id[:8]}>"
    assert (inner.get(20), inner.queue, busy[inner.task_id].result) == (42, busy.queue_name, 42)


def test_closing_a_captured_gator_leaves_the_workers_store_open(busy: Gator) -> None:
    """It is not the task's to close."""

    def tidy() -> None:
        with busy:
            pass

    busy.task(tidy).get(20)
    assert busy.task(add, 1).get(20) == 1


def test_waiting_for_the_whole_session_inside_a_task_is_refused(busy: Gator) -> None:
    """It would wait for itself."""
    with pytest.raises(TypeError, match="inside a task say what to wait for"):
        busy.task(lambda: busy.wait()).get(20)


def test_a_result_may_hold_groups_and_handles(busy: Gator) -> None:
    """They are on the store that they are read from."""
    group = busy.task(lambda: busy.map(pow, [2, 3], [2, 2])).get(20)
    assert group.get(timeout=20) == [4, 9]
