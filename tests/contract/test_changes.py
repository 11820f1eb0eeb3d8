"""`changes`: following a store at the cost of what has changed."""

from itertools import chain

from gator_nb.backends.base import Backend, Beat
from gator_nb.constants import DAY
from gator_nb.states import SUCCESS

from .specimens import call, ended_as, push, record, success, take, take_one
from .stores import Clock


def changed(backend: Backend, cursor: int) -> list[str]:
    return [one.id for one in backend.changes(cursor).records]


def test_none_answers_where_the_store_stands(backend: Backend) -> None:
    push(backend, "a")
    start = backend.changes()
    assert start.reset
    after = backend.changes(start.cursor)
    assert (after.records, after.reset, after.cursor) == ([], False, start.cursor)


def test_each_changed_record_comes_once_as_it_stands(backend: Backend) -> None:
    """Oldest change first, whatever happened to it in between."""
    backend.put([call("a"), call("b")])
    cursor = backend.changes().cursor
    claimed = take_one(backend)
    push(backend, "c")
    backend.settle([success(claimed)])
    answered = backend.changes(cursor)
    assert [one.id for one in answered.records] == ["c", "a"]
    assert answered.records == [record(backend, "c"), record(backend, "a")]
    assert answered.records[1].status is SUCCESS
    assert changed(backend, answered.cursor) == []


def test_every_verb_that_changes_a_record_shows(backend: Backend, clock: Clock) -> None:
    push(backend, "a", session="s")
    cursor = backend.changes().cursor

    def shows() -> bool:
        nonlocal cursor
        answered = backend.changes(cursor)
        cursor = answered.cursor
        return [one.id for one in answered.records] == ["a"]

    backend.hold("all")
    assert shows()
    backend.unhold("all")
    assert shows()
    claimed = take_one(backend)
    assert shows()
    backend.renew("w1", [Beat("a", claimed.claim or "", progress="1")])
    assert shows()
    backend.release([("a", claimed.claim or "")])
    assert shows()
    take_one(backend)
    assert shows()
    backend.cancel(["a"], "me")
    assert shows()
    backend.reap(["w1"])
    assert shows()
    assert not shows()


def test_dependents_that_move_show_too(backend: Backend) -> None:
    backend.put([call("a"), call("b", depends_on=("a",))])
    claimed = take_one(backend)
    cursor = backend.changes().cursor
    backend.settle([success(claimed)])
    assert sorted(changed(backend, cursor)) == ["a", "b"]


def test_limit_bounds_an_answer_and_the_cursor_goes_on(backend: Backend) -> None:
    cursor = backend.changes().cursor
    backend.put([call(f"t{n}") for n in range(10)])
    seen = []
    for _ in range(4):
        answered = backend.changes(cursor, limit=3)
        assert not answered.reset
        seen.append([one.id for one in answered.records])
        cursor = answered.cursor
    assert [len(one) for one in seen] == [3, 3, 3, 1]
    assert list(chain(*seen)) == [f"t{n}" for n in range(10)]


def test_nothing_is_missed_while_changes_come_between_pages(backend: Backend) -> None:
    """A record that changes again moves to the end; it is not lost."""
    cursor = backend.changes().cursor
    backend.put([call(f"t{n}") for n in range(6)])
    first = backend.changes(cursor, limit=3)
    take(backend, 5)
    rest = backend.changes(first.cursor)
    assert {one.id for one in rest.records} == {f"t{n}" for n in range(6)}


def test_versions_rise_and_name_the_change(backend: Backend) -> None:
    push(backend, "a")
    before = record(backend, "a").version
    take_one(backend)
    assert record(backend, "a").version > before


def test_a_refused_step_does_not_show(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    cursor = backend.changes().cursor
    backend.settle([success(claimed)._replace(claim="0" * 32)])
    backend.release([("a", "0" * 32)])
    backend.reap()
    assert take(backend) == []
    assert changed(backend, cursor) == []


def test_a_removal_resets(backend: Backend, clock: Clock) -> None:
    """Who followed the store before must list anew; who starts after it need not."""
    ended_as(backend, "a", SUCCESS)
    cursor = backend.changes().cursor
    clock.advance(2 * DAY)
    assert backend.forget(clock.time) == 1
    answered = backend.changes(cursor)
    assert answered.reset
    push(backend, "b")
    assert changed(backend, answered.cursor) == ["b"]
    backend.drop_all("all")
    assert backend.changes(answered.cursor).reset


def test_a_cursor_of_another_store_resets(backend: Backend) -> None:
    push(backend, "a")
    cursor = backend.changes().cursor
    assert backend.changes(cursor + 10**15).reset
