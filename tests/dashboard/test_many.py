"""What a person does to one task and to many; the store decides, task by task."""

import pytest

from gator_nb import Gator, Status, Task
from gator_nb.dashboard import jobs
from gator_nb.dashboard.poller import Poller
from gator_nb.dashboard.state import READ_ONLY, Session
from gator_nb.errors import StoreUnavailable

from ..waiting import until


def failed(gator: Gator, name: str) -> Task:
    task = gator.options(name=name).task(int, "x")
    with pytest.raises(ValueError, match="literal"):
        gator.get(task.task_id)
    return task


def test_a_retry_is_a_new_task_and_is_opened(gator: Gator, session: Session):
    """The old one stays as it was; the page goes on with the new one."""
    task = failed(gator, "load")
    session.open_task(task.task_id)
    session.retry(task.task_id)
    until(lambda: session.task != task.task_id)
    again = gator[session.task]
    assert (again.status, again.retry_of, again.name) == (Status.WAITING, task.task_id, "load")
    assert gator[task.task_id].status is Status.FAILED


def test_a_retry_of_what_has_not_ended_is_refused(gator: Gator, session: Session):
    """It would run twice at once."""
    task = gator.options(name="fit").task(pow, 2, 10)
    session.retry(task.task_id)
    until(lambda: "fit has not ended" in session.notice)
    assert gator.counts() == {Status.WAITING: 1}


def test_several_are_canceled(gator: Gator, session: Session):
    """Those that were picked; what had ended or is gone is counted, and left alone."""
    tasks = [gator.task(pow, 2, n) for n in range(5)]
    gator.get(tasks[0].task_id)
    session.do_to("cancel", [*(task.task_id for task in tasks[:3]), "no-such-id"])
    until(lambda: session.bulk is not None and session.bulk.phase == "over")
    assert (session.bulk.done, session.bulk.missed) == (2, 2)
    assert gator.counts() == {Status.SUCCESS: 1, Status.CANCELED: 2, Status.WAITING: 2}


def test_all_that_match_are_counted_before_anything_is_done(
    gator: Gator, session: Session, monkeypatch: pytest.MonkeyPatch
):
    """The number is named; only a yes begins, and it goes chunk by chunk."""
    monkeypatch.setattr(jobs, "_CHUNK", 4)
    gator.options(name="sweep").map(abs, range(10))
    other = gator.task(pow, 2, 10)
    session.filter("name:sweep")
    session.do_to_matching("cancel")
    until(lambda: session.bulk.phase == "asking")
    assert session.bulk.total == 10
    assert gator.counts() == {Status.WAITING: 11}
    session.confirm()
    until(lambda: session.bulk.phase == "over")
    assert (session.bulk.done, session.bulk.missed) == (10, 0)
    assert gator[other.task_id].status is Status.WAITING


def test_a_no_does_nothing(gator: Gator, session: Session):
    """And leaves nothing behind."""
    gator.map(abs, range(3))
    session.do_to_matching("cancel")
    until(lambda: session.bulk.phase == "asking")
    session.dismiss()
    session.confirm()
    assert session.bulk is None
    assert gator.counts() == {Status.WAITING: 3}


def test_by_status_the_counters_name_the_number(gator: Gator, session: Session):
    """What cannot be canceled is not among them, and what comes later is left alone."""
    gator.map(abs, range(3))
    gator.pop()
    session.do_to_matching("cancel")
    until(lambda: session.bulk.phase == "asking")
    assert session.bulk.total == 2
    session.confirm()
    until(lambda: session.bulk.phase == "over")
    assert gator.counts() == {Status.SUCCESS: 1, Status.CANCELED: 2}


def test_what_runs_is_asked_to_stop(gator: Gator, session: Session):
    """It is not said to be canceled before it has stopped."""
    task = gator.task(pow, 2, 10)
    gator.backend.claim(gator.client.arrive(), None, gator.client.lanes("thread"), 1)
    session.do_to("cancel", [task.task_id])
    until(lambda: session.bulk is not None and session.bulk.phase == "over")
    assert (session.bulk.done, session.bulk.asked) == (1, 1)
    assert gator[task.task_id].status is Status.RUNNING


def test_failed_ones_are_run_again(gator: Gator, session: Session):
    """All that match: as new tasks, whose failures are not run again and again."""
    several = [failed(gator, "load") for _ in range(3)]
    session.filter("status:failed")
    session.do_to_matching("retry")
    until(lambda: session.bulk.phase == "asking")
    session.confirm()
    until(lambda: session.bulk.phase == "over")
    assert session.bulk.done == 3
    waiting = gator.tasks(status="waiting")
    assert {task.retry_of for task in waiting} == {task.task_id for task in several}


def test_a_page_that_only_shows_does_nothing(gator: Gator, dsn: str, poller: Poller):
    """The handlers refuse, whatever a browser sends."""
    task = gator.task(pow, 2, 10)
    done = failed(gator, "load")
    session = Session(dsn, lambda call: call(), poller, read_only=True)
    try:
        until(lambda: session.health == "live")
        session.cancel(task.task_id)
        session.force_stop(task.task_id)
        session.retry(done.task_id)
        session.do_to("cancel", [task.task_id])
        session.do_to_matching("cancel")
        session.confirm()
        assert (session.notice, session.bulk) == (READ_ONLY, None)
        seen = session.seen_at
        until(lambda: session.seen_at > seen)
        assert gator.counts() == {Status.WAITING: 1, Status.FAILED: 1}
    finally:
        session.close()


def test_a_store_that_goes_ends_a_job_and_says_so():
    """How far it came stays on the page."""
    told: list[jobs.Bulk] = []
    many = jobs.Many("cancel", ["a"], told.append)
    many.fail(StoreUnavailable("tasks.sqlite is gone"))
    assert (told[-1].phase, told[-1].trouble) == ("over", "tasks.sqlite is gone")


def test_a_queue_is_paused_and_goes_on(gator: Gator, session: Session):
    """Nothing of it is handed out, and the page says so, whoever paused it."""
    task = gator.task(pow, 2, 10)
    until(lambda: session.queues == {"lab": 1})
    session.pause("lab")
    until(lambda: session.paused == ["lab"])
    assert gator.pop() is None
    session.pause("lab", on=False)
    until(lambda: session.paused == [])
    assert gator.pop().task_id == task.task_id
    gator.pause()
    until(lambda: session.paused == ["lab"])


def test_a_queue_that_is_not_there_is_not_paused(gator: Gator, session: Session):
    """A browser names queues that it was shown, and no others."""
    until(lambda: session.health == "live")
    session.pause("made up")
    gator.task(pow, 2, 10)
    until(lambda: session.counts["all"] == 1)
    assert gator.backend.paused() == set()
