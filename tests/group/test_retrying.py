"""`retry` and `retry_failed`: the same call again, as a new task."""

import pytest

from gator_nb import FAILED, SUCCESS, WAITING, Gator, Group, errors
from gator_nb.attempts.runtime import checkpoint


def fail() -> None:
    raise ValueError("no")


def inverse(x: float) -> float:
    return 1 / x


@pytest.fixture
def failed(gator: Gator):
    """A task that has failed."""
    task = gator.options(name="load", retries=1, priority=5, tags=["nightly"]).task(fail)
    gator.pop()
    with pytest.raises(ValueError, match="no"):
        gator.pop()
    return task


def test_a_retry_is_a_new_task_of_the_same_call(gator: Gator, failed) -> None:
    """With its options, all its tries again, and nothing of the last run."""
    retry = failed.retry()
    assert retry.task_id != failed.task_id
    assert (retry.retry_of, failed.retry_of) == (failed.task_id, None)
    assert (retry.status, retry.attempts, retry.error, retry.retries) == (WAITING, 0, None, 1)
    assert (retry.name, retry.label, retry.priority, retry.tags) == (
        "load",
        "load",
        5,
        ("nightly",),
    )
    assert gator["load"].task_id == retry.task_id
    assert failed.status is FAILED
    assert gator.pop().task_id == retry.task_id


def test_a_retry_of_a_retry(gator: Gator) -> None:
    """All from the first one's envelope."""
    first = gator.task(pow, 2, 10).cancel()
    last = first.retry().cancel().retry()
    assert gator.get(last.task_id).result == 1024


def test_a_retry_has_no_key(gator: Gator) -> None:
    """Who asks for it anew wants it anew: `reuse` does not mistake it for the call itself."""
    task = gator.options(reuse=True).task(pow, 2, 10).cancel()
    retry = task.retry()
    assert gator.options(reuse=True).task(pow, 2, 10).task_id != retry.task_id


def test_a_retry_with_the_code_of_today(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function as it is here now, round the arguments and options of the old call."""
    task = gator.options(name="inverse", retries=1, tags=["nightly"]).task(inverse, 0)
    gator.pop()
    with pytest.raises(ZeroDivisionError):
        gator.pop()
    monkeypatch.setitem(globals(), "inverse", inverse_or_zero)
    inverse_or_zero.__qualname__ = inverse_or_zero.__name__ = "inverse"
    again = task.retry(edited=True, priority=3)
    assert (again.retry_of, again.name, again.retries) == (task.task_id, "inverse", 1)
    assert (again.tags, again.priority) == (("nightly",), 3)
    assert gator.pop().result == 0
    assert again.result == 0


def inverse_or_zero(x: float) -> float:
    return 1 / x if x else 0


def test_code_that_is_not_here_is_not_run(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old one is, without it; arguments that are results have to be called anew."""
    task = gator.task(inverse, 0).cancel()
    monkeypatch.delitem(globals(), "inverse")
    with pytest.raises(errors.GatorError, match="there is no inverse here: run its cell first"):
        task.retry(edited=True)
    assert task.retry().status is WAITING
    monkeypatch.undo()
    after = gator.task(inverse, gator.task(abs, -1)).cancel()
    with pytest.raises(errors.GatorError, match="call inverse anew"):
        after.retry(edited=True)


def test_a_task_that_has_not_ended_is_not_retried(gator: Gator) -> None:
    """It may still succeed."""
    with pytest.raises(errors.GatorError, match="has not ended: wait for it, or cancel it"):
        gator.task(fail).retry()


def test_options_may_be_changed(gator: Gator, failed) -> None:
    """A new envelope is signed round the same pickled call; the rest stays as it was."""
    retry = failed.retry(
        name="reload", retries=3, queue="other", task_id="mine", delay_by="1h", tags=[]
    )
    assert (retry.task_id, retry.name, retry.queue, retry.retries) == ("mine", "reload", "other", 3)
    assert retry.delay_until > gator.backend.now() + 3500
    assert (retry.tags, retry.priority) == ((), 5)
    assert retry.retry_of == failed.task_id
    assert [gator.get("mine").retries for _ in range(3)] == [2, 1, 0]
    with pytest.raises(ValueError, match="no"):
        gator.get("mine")


def test_what_is_pickled_with_the_call_cannot_be_changed(failed) -> None:
    """That would be another call."""
    with pytest.raises(TypeError, match="on_error is part of the pickled call"):
        failed.retry(on_error=print)
    with pytest.raises(TypeError, match="no option 'retrys'; did you mean 'retries'"):
        failed.retry(retrys=2)


def test_a_retry_loads_nothing(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it works for calls that this process could not even load."""
    task = gator.task(pow, 2, 10).cancel()
    monkeypatch.setattr("gator_nb.client.client.thawed", lambda *_: pytest.fail("was unpickled"))
    assert task.retry().status is WAITING
    assert task.retry(name="again").status is WAITING


def test_a_retry_of_a_forgotten_task_is_refused(gator: Gator) -> None:
    """Its call is gone with it."""
    task = gator.task(pow, 2, 10).cancel()
    gator.backend.drop_all(gator.queue_name)
    with pytest.raises(errors.TaskNotFound):
        task.retry()


def test_a_retry_goes_on_from_the_checkpoint(busy: Gator) -> None:
    """As the next try of the task itself would."""

    def train() -> int:
        epoch = checkpoint() or 0
        checkpoint(epoch + 1)
        if epoch < 2:
            raise ValueError("no")
        return epoch

    first = busy.task(train).wait(20)
    second = first.retry().wait(20)
    third = second.retry(name="third")
    assert (first.checkpoint, second.checkpoint) == (1, 2)
    assert third.get(20) == 2


def test_results_are_passed_to_a_retry_too(gator: Gator) -> None:
    """The references are in the envelope."""
    source = gator.task(pow, 2, 3)
    task = gator.task(pow, source, 2)
    gator.pop(), gator.pop()
    for retry in (task.retry(), task.retry(queue="other")):
        assert gator.get(retry.task_id).result == 64


def test_the_failed_ones_of_a_group_run_again(busy: Gator) -> None:
    """The others stay as they are."""
    group = busy.map(inverse, [0, 1, 2, 0]).wait(20)
    again = group.retry_failed()
    assert isinstance(again, Group)
    assert [task.retry_of for task in again] == [group[0].task_id, group[3].task_id]
    assert again.wait(20).counts() == {FAILED: 2}
    assert group[1:3].retry_failed().wait(5).counts() == {}


def test_what_waited_for_a_failed_task_waits_for_its_retry(gator: Gator, tmp_path) -> None:
    """A chain is run again as a chain, with the new results."""
    flag = tmp_path / "there"

    def load() -> int:
        return len(flag.read_text())

    source = gator.task(load)
    last = gator.task(pow, gator.task(pow, source, 2), 2)
    with pytest.raises(OSError, match="there"):
        gator.pop()
    assert last.wait(5).status is FAILED
    flag.write_text("abc")
    middle = gator.get(last.depends_on[0])
    again = Group(gator.client, [source, middle, last]).retry_failed()
    assert len(again) == 3
    while gator.pop():
        pass
    assert [task.status for task in again] == [SUCCESS] * 3
    assert again[2].result == 81
