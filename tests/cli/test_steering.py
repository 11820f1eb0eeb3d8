"""`gator-nb cancel` and `retry`: each says what is true, not what was asked for."""

import pytest

from gator_nb import CANCELED, RUNNING, SUCCESS, WAITING, Gator, progress

from ..waiting import until
from .conftest import Run


def until_told() -> None:
    n = 0
    while True:
        n += 1
        progress(n)


def test_what_has_not_started_is_canceled_at_once(run: Run, gator: Gator) -> None:
    """And said to be."""
    task = gator.task(pow, 2, 10)
    told = run("cancel", task.task_id[:8])
    assert (told.code, told.err) == (0, "1 task canceled\n")
    until(lambda: task.status == CANCELED)


def test_what_runs_is_asked_to_stop(run: Run, gator: Gator) -> None:
    """It is not called canceled before it has stopped; --wait waits until then."""
    with gator.start_worker(threads=1):
        task = gator.task(until_told)
        until(lambda: task.status == RUNNING)
        told = run("cancel", task.task_id, "--wait", "--json")
    assert told.code == 0
    assert told.err == "1 task canceled\n"
    assert [one["status"] for one in told.objects] == ["canceled"]


def test_asking_is_not_stopping(run: Run, gator: Gator) -> None:
    """A worker that does not answer leaves the task running, and so it is told."""
    task = gator.task(pow, 2, 10)
    gator.backend.register(gator.client.presence("elsewhere", "worker", None))
    gator.backend.claim_task("elsewhere", task.task_id)
    told = run("cancel", task.task_id, "--json")
    assert told.err == "1 task asked to stop, and running until then\n"
    assert [(one["status"], one["canceling"]) for one in told.objects] == [("running", True)]


def test_what_has_ended_is_named(run: Run, gator: Gator) -> None:
    """There was nothing to cancel: exit code 1."""
    task = gator.task(pow, 2, 10)
    gator.pop()
    told = run("cancel", task.task_id)
    assert told.code == 1
    assert told.err == f"{task.task_id[:8]} (pow) had ended: success\n"


def test_many_are_counted_before_anything_is_done(run: Run, gator: Gator) -> None:
    """Where nobody can be asked, --yes must be given."""
    tasks = gator.map(abs, range(5))
    gator.options(queue="other").task(abs, 5)
    told = run("cancel", "--queue", "all")
    assert told.code == 2
    assert "this would cancel 5 tasks: add --yes" in told.err
    assert tasks.counts() == {WAITING: 5}
    assert run("cancel", "--queue", "all", "--yes").err == "5 tasks canceled\n"
    assert run("cancel", "--all").err == "1 task canceled\n"
    assert run("cancel", "--all").err == "0 tasks canceled\n"


def test_many_by_status(run: Run, gator: Gator) -> None:
    """Only those; what has ended cannot be meant."""
    later = gator.options(delay_by="1d").map(abs, range(2))
    soon = gator.map(abs, range(2))
    assert run("cancel", "--status", "delayed", "-y").err == "2 tasks canceled\n"
    assert (later.counts(), soon.counts()) == ({CANCELED: 2}, {WAITING: 2})
    assert run("cancel", "--status", "failed", "-y").err == "0 tasks canceled\n"


def test_what_waits_for_a_canceled_one_is_canceled_with_it(run: Run, gator: Gator) -> None:
    """Not failed, when both are meant."""
    first = gator.task(abs, 1)
    second = gator.options(depends_on=first).task(abs, 2)
    run("cancel", first.task_id, second.task_id)
    until(lambda: (first.status, second.status) == (CANCELED, CANCELED))


@pytest.mark.parametrize("words", [[], ["--all", "0123"]])
def test_either_ids_or_many(run: Run, gator: Gator, words: list[str]) -> None:
    """Nothing is guessed."""
    told = run("cancel", *words)
    assert told.code == 2
    assert "give ids, or" in told.err


def test_a_retry_is_a_new_task(run: Run, gator: Gator) -> None:
    """Of the same call; its id is the result."""
    old = gator.task(pow, 2, 10).cancel()
    (fresh,) = run("retry", old.task_id[:8], "--json").objects
    assert fresh["retry_of"] == old.task_id
    assert gator.pop().task_id == fresh["id"]
    assert gator[fresh["id"]].result == 1024
    assert "again as" in run("retry", fresh["id"]).out


def test_only_what_has_ended_is_retried(run: Run, gator: Gator) -> None:
    """One that has not is named, and nothing is pushed for the others."""
    done = gator.task(pow, 2, 10)
    gator.pop()
    waiting = gator.task(pow, 2, 11)
    told = run("retry", done.task_id, waiting.task_id)
    assert told.code == 2
    assert f"not ended yet: {waiting.task_id[:8]} (waiting)" in told.err
    assert gator.counts() == {SUCCESS: 1, WAITING: 1}
