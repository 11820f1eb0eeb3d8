"""Tasks that are there: found by id, name and status, listed, counted."""

import pytest

from gator_nb import EVERY, FAILED, SUCCESS, WAITING, Gator, errors


def fail() -> None:
    raise ValueError("no")


def test_find_knows_ids_and_names(gator: Gator) -> None:
    """None when there is neither."""
    task = gator.options(name="nightly").task(pow, 2, 2)
    assert gator.find(task.task_id).task_id == gator.find("nightly").task_id == task.task_id
    assert gator.find("weekly") is None


def test_the_newest_of_a_name_is_meant(gator: Gator) -> None:
    """In this queue."""
    gator.options(name="nightly").task(pow, 2, 1)
    newest = gator.options(name="nightly").task(pow, 2, 2)
    assert gator["nightly"].task_id == newest.task_id


def test_an_id_wins_over_a_name(gator: Gator) -> None:
    """Ids are unique."""
    one = gator.options(task_id="x").task(pow, 2, 1)
    gator.options(name="x").task(pow, 2, 2)
    assert gator["x"].task_id == one.task_id


def test_a_missing_one_is_an_error_in_brackets(gator: Gator) -> None:
    """That says where it was looked for."""
    with pytest.raises(errors.TaskNotFound, match=f"'nope' in queue '{gator.queue_name}'"):
        gator["nope"]
    assert "nope" not in gator


def test_in_asks_for_an_id_or_a_name(gator: Gator) -> None:
    """As brackets do."""
    gator.options(name="nightly").task(pow, 2, 1)
    assert "nightly" in gator


def test_names_of_other_queues_are_not_meant(gator: Gator, other: Gator) -> None:
    """Ids are."""
    task = other.options(name="nightly").task(pow, 2, 1)
    assert gator.find("nightly") is None
    assert gator.find(task.task_id).queue == "other"


def test_iterating_is_newest_first(gator: Gator) -> None:
    """Through any number of pages."""
    ids = [task.task_id for task in gator.map(pow, [2] * 3, range(3))]
    assert [task.task_id for task in gator] == ids[::-1]
    assert bool(gator)


def test_an_empty_queue_is_true(gator: Gator) -> None:
    """`if gator:` asks whether there is one."""
    assert bool(gator)
    assert (len(gator), list(gator)) == (0, [])


def test_tasks_filters_by_status_and_name(gator: Gator) -> None:
    """By the word or the status, newest first."""
    gator.options(name="bad").task(fail)
    with pytest.raises(ValueError, match="no"):
        gator.pop()
    gator.options(name="good").task(pow, 2, 2)
    assert [task.name for task in gator.tasks(status="failed")] == ["bad"]
    assert [task.name for task in gator.tasks(status=FAILED, name="good")] == []
    assert [task.name for task in gator.tasks()] == ["good", "bad"]
    assert [task.name for task in gator.tasks(limit=1)] == ["good"]
    assert len(gator.tasks(limit=0)) == 0


def test_an_unknown_status_lists_those_there_are(gator: Gator) -> None:
    """Not an empty answer."""
    with pytest.raises(ValueError, match=r"'done'; there are waiting, success, failed"):
        gator.tasks(status="done")


def test_tasks_of_another_queue_or_of_every(gator: Gator, other: Gator) -> None:
    """`queue=` names it, `EVERY` means all."""
    gator.task(pow, 2, 1)
    other.task(pow, 2, 2)
    assert [task.queue for task in gator.tasks(queue="other")] == ["other"]
    assert len(gator.tasks(queue=EVERY)) == 2


def test_a_limit_reads_no_more_than_it_shows(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for five of a million asks for five."""
    gator.map(pow, [2] * 20, range(20))
    read = []
    page = gator.backend.page

    def counted(*args: object, **options: object) -> object:
        found = page(*args, **options)
        read.append(len(found.records))
        return found

    monkeypatch.setattr(gator.backend, "page", counted)
    assert len(gator.tasks(limit=5)) == 5
    assert read == [5]


def test_counts_by_status(gator: Gator) -> None:
    """Of this queue; what is not there is left out."""
    gator.map(pow, [2, 2, 2], [1, 2, 3])
    gator.pop()
    assert gator.counts() == {WAITING: 2, SUCCESS: 1}
