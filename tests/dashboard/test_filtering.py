"""What a session sees through its filter line."""

import pytest

from gator_nb import Gator, Status, Worker
from gator_nb.backends.base import Filter
from gator_nb.dashboard import searching
from gator_nb.dashboard.query import parse, resolve
from gator_nb.dashboard.searching import Search
from gator_nb.dashboard.state import Session
from gator_nb.dashboard.views.rows import row

from ..waiting import until
from .conftest import Watch


def names(session: Session) -> list[str]:
    return [record.label for record in session.records]


def push(gator: Gator, *several: str, **options: object) -> None:
    for name in several:
        gator.options(name=name, **options).task(int, "x")


def test_by_queue_and_tag(gator: Gator, session: Session):
    """Both must hold."""
    push(gator, "one", tags=["night"])
    push(gator, "two", tags=["night"], queue="etl")
    session.filter("tag:night queue:etl")
    until(lambda: names(session) == ["two"])
    assert session.matching == 1


def test_by_a_word(gator: Gator, session: Session):
    """No index knows it: it is looked for, and the session says how far."""
    push(gator, "load table", "fit model", "load rows")
    session.filter("load")
    until(lambda: names(session) == ["load rows", "load table"])
    until(lambda: (session.search, session.searched, session.matching) == ("done", 3, 2))


def test_what_is_found_follows(gator: Gator, session: Session):
    """What begins to match comes in, what no longer does goes."""
    push(gator, "old load")
    session.filter("load status:queued")
    until(lambda: names(session) == ["old load"])
    push(gator, "new load", "other")
    until(lambda: names(session) == ["new load", "old load"])
    gator.cancel(session.records[1].id)
    until(lambda: names(session) == ["new load"])


def test_an_error(gator: Gator, session: Session):
    """Those that failed so."""
    push(gator, "bad")
    with pytest.raises(ValueError, match="literal"):
        gator.pop()
    gator.task(pow, 2, 10)
    session.filter("error:literal")
    until(lambda: names(session) == ["bad"])


def test_the_beginning_of_an_id(gator: Gator, session: Session):
    """As people copy it; a whole one is answered at once."""
    task = gator.task(pow, 2, 10)
    push(gator, *"abc")
    session.filter(f"id:{task.task_id[:8]}")
    until(lambda: [record.id for record in session.records] == [task.task_id])
    session.filter(f"id:{task.task_id}")
    until(lambda: session.searched == 0 and [r.id for r in session.records] == [task.task_id])


def test_a_search_stops_and_can_go_on(
    gator: Gator, session: Session, monkeypatch: pytest.MonkeyPatch
):
    """So many are looked at; then it asks."""
    monkeypatch.setattr(searching, "_STEP", 10)
    monkeypatch.setattr("gator_nb.dashboard.state.SEARCHED", 20)
    push(gator, "needle")
    gator.map(abs, range(30))
    session.filter("needle")
    until(lambda: session.search == "paused")
    assert (session.searched, session.records, session.matching) == (20, [], None)
    session.search_on()
    until(lambda: names(session) == ["needle"])
    assert session.search == "done"


def test_a_search_has_pages(gator: Gator):
    """The second begins where the first ended, and nothing is shown twice."""
    gator.options(name="needle").map(abs, range(7))
    wanted = resolve(parse("needle"), {})
    first = Search(wanted, None, 4)
    first.step(gator.backend)
    second = Search(wanted, first.next, 4)
    second.step(gator.backend)
    several = [record.seq for record in [*first.page(), *second.page()]]
    assert len(several) == 7
    assert several == sorted(set(several), reverse=True)
    assert second.next is None


def test_a_filter_that_means_nothing_changes_nothing(gator: Gator, session: Session):
    """It is told, and what was shown is still shown."""
    push(gator, "one")
    until(lambda: names(session) == ["one"])
    session.filter("status:nonsense")
    assert "no status is called 'nonsense'" in session.filter_trouble
    assert session.look.query.where == Filter()
    session.filter("")
    assert session.filter_trouble == ""


def test_a_tile_is_a_filter(gator: Gator, session: Session):
    """What a tile does can be read in the line, and the line lights the tile."""
    session.show("failed")
    assert session.filter_text == "status:failed"
    session.filter("status:running queue:lab")
    assert session.shown == "running"
    session.show("running")
    assert session.filter_text == "queue:lab"
    assert session.shown == "some"


def test_a_worker_by_name(gator: Gator, watch: Watch):
    """What one worker ran."""
    with Worker(gator, threads=1, name="lab-1"):
        task = gator.task(pow, 2, 10).wait()
        session = watch()
        until(lambda: session.workers)
        session.filter("worker:lab-1")
        until(lambda: [record.id for record in session.records] == [task.task_id])
        assert task.status is Status.SUCCESS


def test_a_worker_that_has_left_by_name(gator: Gator, watch: Watch):
    """It goes by its name for whoever comes to look after it has left, too."""
    with Worker(gator, threads=1, name="gone"):
        task = gator.task(pow, 2, 10).wait()
    session = watch()
    session.filter("worker:gone")
    until(lambda: [record.id for record in session.records] == [task.task_id])
    assert session.workers == []
    assert row(session.records[0], session.worker_names)["worker"] == "gone"
