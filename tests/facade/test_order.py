"""Dependencies and retries: when a task may run, and when it runs again."""

import pytest

from gator_nb import BLOCKED, FAILED, RETRYING, SUCCESS, WAITING, Gator, errors


def fail() -> None:
    raise ValueError("no")


def test_a_task_waits_for_those_it_depends_on(gator: Gator) -> None:
    """A handle, an id, or several of them; counted by `len`."""
    first, second = gator.task(pow, 2, 1), gator.task(pow, 2, 2)
    last = gator.options(depends_on=[first, second.task_id]).task(pow, 2, 3)
    assert (last.status, last.depends_on) == (BLOCKED, [first.task_id, second.task_id])
    assert len(gator) == 3
    gator.pop()
    assert last.status is BLOCKED
    gator.pop()
    assert last.status is WAITING
    assert gator.pop().task_id == last.task_id


def test_a_group_may_be_depended_on(busy: Gator) -> None:
    """All of it."""
    group = busy.map(pow, [2, 2, 2], [1, 2, 3])
    last = busy.options(depends_on=group).task(pow, 2, 4)
    assert last.get(20) == 16
    assert all(task.done() for task in group)


@pytest.mark.parametrize("end", ["failed", "canceled"])
def test_a_failed_dependency_fails_the_task_and_is_named(gator: Gator, end: str) -> None:
    """Those that depend on it too; `get` raises a DependencyError."""
    first = gator.options(name="load").task(fail)
    second = gator.options(depends_on=first).task(pow, 2, 2)
    third = gator.options(depends_on=second).task(pow, 2, 3)
    if end == "failed":
        with pytest.raises(ValueError, match="no"):
            gator.pop()
    else:
        first.cancel()
    assert (second.wait(5).status, third.wait(5).status) == (FAILED, FAILED)
    with pytest.raises(errors.DependencyError, match=first.task_id):
        second.get(5)
    assert second.attempts == 0


def test_a_dependency_that_has_failed_already_fails_the_task_at_once(gator: Gator) -> None:
    """It is stored, so that it can be seen."""
    first = gator.task(pow, 2, 2).cancel()
    second = gator.options(depends_on=first).task(pow, 2, 2)
    assert second.status is FAILED
    assert first.task_id in second.error


def test_an_unknown_dependency_is_refused(gator: Gator) -> None:
    """It would never end."""
    with pytest.raises(errors.DependencyError, match=r"nope.*push that one first"):
        gator.options(depends_on="nope").task(pow, 2, 2)


def test_a_task_cannot_depend_on_itself(gator: Gator) -> None:
    """The only cycle there can be."""
    with pytest.raises(errors.DependencyError, match="itself"):
        gator.options(task_id="me", depends_on="me").task(pow, 2, 2)


def test_without_backoff_a_retry_is_due_at_once(gator: Gator) -> None:
    """Each `pop` is a try."""
    task = gator.options(retries=2).task(fail)
    assert [gator.pop().retries, gator.pop().retries] == [1, 0]
    with pytest.raises(ValueError, match="no"):
        gator.pop()
    assert (task.status, task.attempts) == (FAILED, 3)


def test_backoff_doubles_with_each_try(gator: Gator) -> None:
    """The due time is on the handle; until then the task is not popped."""
    task = gator.options(retries=3, backoff="1h").task(fail)
    waits = []
    for _ in range(3):
        now = gator.backend.now()
        assert gator.get(task.task_id).status is RETRYING
        waits.append(round((task.delay_until - now) / 3600))
        assert gator.pop() is None
    assert waits == [1, 2, 4]


def test_execute_keeps_to_the_backoff(gator: Gator) -> None:
    """On live objects as on the snapshot."""
    task = gator.options(retries=1, backoff="1h").task(fail)
    assert gator.execute(task).status is RETRYING
    assert task.delay_until > gator.backend.now() + 3500


def test_a_worker_retries_by_itself(busy: Gator, tmp_path) -> None:
    """Until it succeeds; the last error is gone then."""
    ledger = tmp_path / "tries"

    def flaky() -> int:
        with ledger.open("a") as file:
            file.write("x")
        tries = len(ledger.read_text())
        if tries < 3:
            raise OSError(f"try {tries}")
        return tries

    task = busy.options(retries=5, backoff="20ms").task(flaky)
    assert task.get(20) == 3
    assert (task.status, task.attempts, task.retries, task.error) == (SUCCESS, 3, 3, None)
