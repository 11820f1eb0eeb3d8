"""What a session sees, without a browser: it follows the store through one poller."""

import os
import time
from pathlib import Path

import pytest

from gator_nb import Gator, Status
from gator_nb.backends.base import Filter, Page, Presence
from gator_nb.dashboard.following import PAGE_SIZE, WorkerSeen, touches
from gator_nb.dashboard.poller import Poller, poller_for
from gator_nb.dashboard.state import Session
from gator_nb.dashboard.summary import unserved_queues
from gator_nb.dashboard.views import bar
from gator_nb.host.liveness import boot_id, host_name
from gator_nb.record import Record

from ..waiting import until
from .conftest import Watch


def ids(session: Session) -> list[str]:
    return [record.id for record in session.records]


def test_a_pushed_task_appears(gator: Gator, session: Session):
    """Whoever looks sees a task that somebody else pushed, without asking for it."""
    task = gator.task(pow, 2, 10)
    until(lambda: ids(session) == [task.task_id])


def test_a_change_is_followed(gator: Gator, session: Session):
    """A row changes when the store says so."""
    task = gator.task(pow, 2, 10)
    until(lambda: session.records)
    gator.pop()
    until(lambda: session.records[0].status is Status.SUCCESS)
    assert ids(session) == [task.task_id]


def test_counts_follow(gator: Gator, session: Session):
    """Each tile has its number; queued is everything that has not started."""
    first = gator.task(pow, 2, 10)
    gator.options(delay_by=900).task(pow, 2, 10)
    gator.get(first.task_id)
    canceled = gator.task(pow, 2, 10)
    gator.cancel(canceled.task_id)
    expected = {"queued": 1, "running": 0, "finished": 1, "failed": 0, "canceled": 1}
    until(lambda: session.counts.items() >= expected.items())
    assert session.counts["all"] == 3


def test_a_tile_filters_and_a_second_click_shows_all(gator: Gator, session: Session):
    """A tile shows its tasks alone; the same tile again shows everything."""
    done, waiting = gator.task(pow, 2, 10), gator.task(pow, 2, 11)
    gator.get(done.task_id)
    session.show("finished")
    until(lambda: ids(session) == [done.task_id])
    session.show("finished")
    until(lambda: ids(session) == [waiting.task_id, done.task_id])


def test_a_task_leaves_a_filter_that_it_no_longer_fits(gator: Gator, session: Session):
    """Among the queued ones nothing stays that has finished."""
    task = gator.task(pow, 2, 10)
    session.show("queued")
    until(lambda: ids(session) == [task.task_id])
    gator.pop()
    until(lambda: ids(session) == [])


def test_pages_are_kept_by_key(gator: Gator, session: Session):
    """An older page shows the same tasks while new ones come in."""
    tasks = list(gator.map(abs, range(PAGE_SIZE + 7)))
    until(lambda: len(session.records) == PAGE_SIZE and session.has_older)
    session.go_older()
    until(lambda: ids(session) == [task.task_id for task in reversed(tasks[:7])])
    newest = gator.task(abs, 1)
    until(lambda: session.counts["all"] == PAGE_SIZE + 8)
    assert (len(session.records), session.page_number, session.has_older) == (7, 2, False)
    session.go_newer()
    until(lambda: session.page_number == 1 and ids(session)[:1] == [newest.task_id])


def test_only_what_touches_a_page_makes_it_read_again():
    """A change concerns a page when its task is there, or now belongs there."""
    page = Page([Record("b", "lab", seq=20), Record("a", "lab", seq=10)], next=10)
    waiting = Filter(status=frozenset({Status.WAITING}))
    assert touches(Record("a", "lab", Status.FAILED, seq=10), waiting, None, page)
    assert touches(Record("new", "lab", seq=30), waiting, None, page)
    assert not touches(Record("new", "lab", Status.FAILED, seq=30), waiting, None, page)
    assert not touches(Record("old", "lab", seq=5), waiting, None, page)
    assert not touches(Record("new", "lab", seq=30), waiting, 25, page)


def test_what_the_browser_still_shows_is_told_of(gator: Gator, session: Session):
    """A row that is held on screen stays true after its task has left the page."""
    task = gator.task(pow, 2, 10)
    session.show("queued")
    until(lambda: session.records)
    session.keep([task.task_id])
    gator.pop()
    until(lambda: [record.status for record in session.left] == [Status.SUCCESS])
    assert session.left[0].id == task.task_id


def test_sessions_share_one_poller(gator: Gator, watch: Watch, poller: Poller):
    """However many look, one thread follows the store, and each has a view of its own."""
    first, second = watch(), watch()
    second.show("failed")
    task = gator.task(pow, 2, 10)
    until(lambda: ids(first) == [task.task_id])
    until(lambda: second.counts.get("queued") == 1)
    assert ids(second) == []
    assert poller_for("sqlite:///a") is poller_for("sqlite:///a")


def test_nothing_is_done_while_nobody_looks(gator: Gator, watch: Watch, poller: Poller):
    """The last session that goes ends the thread; the next one starts it again."""
    watch().close()
    until(lambda: not poller.running)
    again = watch()
    task = gator.task(pow, 2, 10)
    until(lambda: ids(again) == [task.task_id])


def test_cancel_by_id(gator: Gator, session: Session):
    """What waits is canceled at once, and the others are left alone."""
    wanted, other = gator.task(pow, 2, 10), gator.task(pow, 2, 11)
    session.cancel(wanted.task_id)
    until(lambda: session.counts.get("canceled") == 1)
    assert gator[wanted.task_id].status is Status.CANCELED
    assert gator[other.task_id].status is Status.WAITING


def test_a_cancel_that_comes_too_late_says_so(gator: Gator, session: Session):
    """The store decides: what has finished stays finished, and the person is told."""
    task = gator.options(name="fit").task(pow, 2, 10)
    gator.pop()
    session.cancel(task.task_id)
    until(lambda: "fit had already finished" in session.notice)
    assert gator[task.task_id].status is Status.SUCCESS


def test_a_cancel_of_what_is_gone_says_so(session: Session):
    """A task that was removed meanwhile is no error of the page."""
    session.cancel("no-such-id")
    until(lambda: "not in the store any more" in session.notice)


def test_a_store_that_goes_is_told_and_comes_back(gator: Gator, session: Session, tmp_path: Path):
    """Unreachable is said, nothing is made in its place, and it is shown again once it is back."""
    task = gator.task(pow, 2, 10)
    until(lambda: session.records)
    gator.close()
    store, away = tmp_path / "tasks.sqlite", tmp_path / "away.sqlite"
    store.rename(away)
    until(lambda: session.health == "lost")
    assert "tasks.sqlite" in session.trouble
    assert ids(session) == [task.task_id], "what was seen stays, greyed"
    session.cancel(task.task_id)
    until(lambda: "nothing is known to be canceled" in session.notice)
    assert not store.exists()
    away.rename(store)
    until(lambda: session.health == "live")
    assert ids(session) == [task.task_id]


@pytest.mark.skipif(not boot_id(), reason="this system does not tell its boot: leases decide")
def test_a_dead_worker_is_not_shown_as_running(gator: Gator, session: Session, tmp_path: Path):
    """Nobody else need be there: the dashboard finds that a worker died, and what becomes of its
    task."""
    task = gator.task(pow, 2, 10)
    free_lock = tmp_path / "lock"
    free_lock.touch()
    gator.backend.register(
        Presence("dead", "worker", lock=str(free_lock), boot=boot_id(), kernel=True)
    )
    gator.backend.claim("dead", None, gator.client.lanes("thread"), 1)
    until(lambda: session.counts.get("failed") == 1)
    assert session.workers == []
    assert gator[task.task_id].status is Status.FAILED


def test_a_worker_that_is_silent_is_marked(gator: Gator, session: Session):
    """One of another host, within its lease: nobody can tell, so it is neither dead nor alive."""
    backend, clock = gator.backend, gator.backend.clock
    backend.clock = lambda: time.time() - 60
    backend.register(Presence("far", "worker", name="gpu2", host="gpu2", lease=1e6))
    backend.clock = clock
    shown = bar(session)
    until(
        lambda: [(one.presence.name, one.life) for one in session.workers] == [("gpu2", "silent")]
    )
    until(lambda: (shown.workers, shown.silent) == (0, 1))
    backend.register(Presence("far", "worker", name="gpu2", host="gpu2", lease=1e6))
    until(lambda: [one.life for one in session.workers] == ["alive"])


def test_queues_that_nobody_serves():
    """Ready tasks without a live worker for their queue are counted; what is due later or blocked
    is not."""
    counts = {
        "lab": {Status.WAITING: 2, Status.DELAYED: 1, Status.BLOCKED: 4},
        "other": {Status.WAITING: 1},
        "done": {Status.SUCCESS: 9},
    }
    lab = WorkerSeen(Presence("w", "worker", queues=("lab",)), "alive")
    every = WorkerSeen(Presence("w", "worker", queues=("*",)), "alive")
    assert unserved_queues(counts, []) == {"lab": 2, "other": 1}
    assert unserved_queues(counts, [lab]) == {"other": 1}
    assert unserved_queues(counts, [every]) == {}
    ending = WorkerSeen(every.presence._replace(draining=True), "draining")
    assert unserved_queues(counts, [ending]) == {"lab": 2, "other": 1}


@pytest.mark.slow
def test_a_session_whose_browser_has_gone_costs_nothing(gator: Gator, dsn: str, poller: Poller):
    """It is kept for a while, should the browser come back, and is up to date when it does."""
    there = [True]
    session = Session(dsn, lambda call: call(), poller, present=lambda: there[0])
    try:
        until(lambda: session.health == "live")
        there[0] = False
        seen = session.seen_at
        task = gator.task(pow, 2, 10)
        until(lambda: gator.backend.now() > seen + 1.5)
        assert (session.seen_at, session.records) == (seen, [])
        there[0] = True
        until(lambda: ids(session) == [task.task_id])
    finally:
        session.close()


@pytest.mark.slow
def test_what_a_program_ran_itself_stands_under_its_name(gator: Gator, session: Session):
    """As what a worker ran does."""
    task = gator.task(pow, 2, 10)
    gator.get(task.task_id)
    until(lambda: session.records and session.records[0].done)
    (record,) = session.records
    until(lambda: session.worker_names.get(record.worker or "") == f"{host_name()}:{os.getpid()}")
