"""More tasks than a store may care to take in one go: the verbs keep their word all the same."""

import pytest

from gator_nb.backends.base import Backend, Filter
from gator_nb.errors import DependencyError, TaskNotFound
from gator_nb.states import BLOCKED, CANCELED, WAITING

from .specimens import call, push, record, status, take

MANY = [f"t{number:05}" for number in range(2100)]


def test_all_of_a_large_push_is_ready_and_in_order(backend: Backend) -> None:
    """What `put` answers is what the store has."""
    answered = backend.put([call(task_id, group="g", session="s") for task_id in MANY])
    assert backend.get(MANY) == answered
    assert backend.counts() == {"all": {WAITING: len(MANY)}}
    assert [one.record.id for one in take(backend, 3)] == MANY[:3]


def test_of_a_large_push_that_is_refused_nothing_is_left(backend: Backend) -> None:
    """Only its last task is at fault; nothing can be claimed."""
    push(backend, "parent", held=True)
    pushes = [call(task_id, depends_on=("parent",)) for task_id in MANY]
    with pytest.raises(DependencyError):
        backend.put([*pushes, call("last", depends_on=("absent",))])
    assert backend.get([MANY[0], MANY[-1], "last"]) == [None, None, None]
    assert backend.counts() == {"all": {BLOCKED: 1}}
    assert take(backend) == []


def test_dependencies_reach_across_a_large_push(backend: Backend) -> None:
    first, *others = MANY
    backend.put([call(first), *(call(task_id, depends_on=(first,)) for task_id in others)])
    assert backend.counts() == {"all": {WAITING: 1, BLOCKED: len(others)}}


def test_many_are_canceled_as_one(backend: Backend) -> None:
    """Each was named itself, so that none fails because of another, wherever it stands."""
    first, *others = MANY
    backend.put([call(first), *(call(task_id, depends_on=(first,)) for task_id in others)])
    canceled = backend.cancel(MANY, by="me")
    assert [one.id for one in canceled] == MANY
    assert backend.counts() == {"all": {CANCELED: len(MANY)}}


def test_one_unknown_among_many_cancels_nothing(backend: Backend) -> None:
    backend.put([call(task_id) for task_id in MANY])
    with pytest.raises(TaskNotFound):
        backend.cancel([*MANY, "absent"], by="me")
    assert status(backend, MANY[0]) is WAITING


def test_what_waits_is_listed_newest_first_whatever_its_priority(backend: Backend) -> None:
    """Page by page, over several lanes and priorities."""
    for number in range(12):
        push(backend, f"p{number}", priority=number % 3 - 1, lane=f"3.11/key/{number % 2}/")
    waiting = Filter(status=frozenset({WAITING}))
    found, after = [], None
    while True:
        page = backend.page(waiting, limit=5, after=after)
        found += [one.id for one in page.records]
        after = page.next
        if after is None:
            break
    assert found == [f"p{number}" for number in reversed(range(12))]


def test_a_session_lists_its_tasks_in_and_out_of_groups(backend: Backend) -> None:
    """Newest first, and none of another session, even where they share a group."""
    push(backend, "a", session="s1")
    push(backend, "b", session="s1", group="g")
    push(backend, "c", session="s2", group="g")
    push(backend, "d", session="s1")
    push(backend, "e", session="s1", group="h")
    found = backend.page(Filter(session="s1"))
    assert [one.id for one in found.records] == ["e", "d", "b", "a"]
    assert record(backend, "c").session == "s2"
