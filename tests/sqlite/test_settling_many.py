"""Many tries that end at once take a few statements, and every rule of `settle` holds for each.

The whole contract runs once more with every call taken for one of many: `sqlite-many`.
"""

import pytest

from gator_nb.backends.base import Answer, Settlement
from gator_nb.backends.sqlite import SQLiteBackend
from gator_nb.errors import GatorError
from gator_nb.record import Reason, Record
from gator_nb.states import CANCELED, FAILED, RETRYING, RUNNING, SUCCESS, WAITING

from ..contract.specimens import end, failure, push, record, retry, status, success, take

MANY = [f"t{number:03}" for number in range(120)]


def claimed(backend: SQLiteBackend, ids: list[str]) -> dict[str, Record]:
    """Push these, and run them all."""
    for task_id in ids:
        push(backend, task_id)
    return {one.record.id: one.record for one in take(backend, len(ids))}


def test_each_keeps_what_it_ended_with(backend: SQLiteBackend) -> None:
    """Some succeed, some fail, and some had told how far they were."""
    running = claimed(backend, MANY)
    ends: list[Settlement] = []
    for number, one in enumerate(running.values()):
        if number % 3:
            ends.append(success(one, outcome=f"{number}".encode(), progress=f"p{number}"))
        else:
            ends.append(failure(one, error=f"no {number}", peak_memory=number))
    assert set(backend.settle(ends)) == {Answer.DONE}
    assert backend.counts() == {"all": {SUCCESS: 80, FAILED: 40}}
    good, bad = record(backend, "t112"), record(backend, "t111")
    assert (good.status, good.progress, backend.outcome("t112")) == (SUCCESS, "p112", b"112")
    assert (bad.status, bad.error, bad.reason) == (FAILED, "no 111", Reason.ERROR)
    assert (bad.peak_memory, bad.settled, backend.outcome("t111")) == (111, bad.claim, None)
    assert backend.verify() == []


def test_in_such_company_nothing_else_changes(backend: SQLiteBackend) -> None:
    """What others depend on, what is limited, what prints, what is tried again or was taken away is
    looked at by itself."""
    plain = claimed(backend, MANY[:20])
    push(backend, "awaited")
    push(backend, "limited", limit="1:api")
    push(backend, "second of the limit", limit="1:api")
    others = {one.record.id: one.record for one in take(backend, 9)}
    push(backend, "after", depends_on=("awaited",))
    for task_id in ("again", "prints", "another's"):
        push(backend, task_id, retries=1)
        others[task_id] = take(backend, 1)[0].record
    ends = [
        success(others["awaited"]),
        *(success(one) for one in plain.values()),
        success(others["limited"]),
        success(others["prints"], log=b"seen\n"),
        retry(others["again"]),
        success(others["another's"]._replace(claim="an old one")),
    ]
    answers = backend.settle(ends)
    assert answers == [Answer.DONE] * (len(ends) - 1) + [Answer.LOST]
    assert status(backend, "after") is WAITING
    assert status(backend, "again") is RETRYING
    assert backend.log("prints") == b"seen\n"
    assert record(backend, "another's") == others["another's"]
    assert [one.record.id for one in take(backend, 9)] == [
        "second of the limit",
        "after",
        "again",
    ]
    assert backend.verify() == []


def test_the_first_word_of_a_try_counts(backend: SQLiteBackend) -> None:
    """The same try twice in a call is done twice, and changes nothing the second time; so is a call
    that is sent again."""
    running = claimed(backend, MANY[:20])
    ends = [success(one, outcome=b"first") for one in running.values()]
    twice = [*ends, end(running["t003"], FAILED, error="second")]
    for _ in range(2):
        assert set(backend.settle(twice)) == {Answer.DONE}
        assert (status(backend, "t003"), backend.outcome("t003")) == (SUCCESS, b"first")


def test_a_result_wins_against_a_cancel_here_too(backend: SQLiteBackend) -> None:
    running = claimed(backend, MANY[:20])
    backend.cancel(["t001", "t002"], "me")
    ends = [success(one) for one in running.values() if one.id != "t002"]
    assert set(backend.settle([*ends, end(running["t002"], CANCELED)])) == {Answer.DONE}
    assert (status(backend, "t001"), status(backend, "t002")) == (SUCCESS, CANCELED)


def test_whoever_follows_sees_each_of_them_once(backend: SQLiteBackend) -> None:
    running = claimed(backend, MANY)
    cursor = backend.changes().cursor
    backend.settle([success(one) for one in running.values()])
    changes = backend.changes(cursor)
    assert [one.id for one in changes.records] == MANY
    assert backend.changes(changes.cursor).records == []


def test_nothing_is_ended_by_half(backend: SQLiteBackend) -> None:
    """A call that the store refuses leaves all as they ran."""
    running = claimed(backend, MANY[:20])
    ends = [success(one) for one in running.values()]
    wrong = ends[7]._replace(retries="many")  # type: ignore[arg-type]
    with pytest.raises(GatorError, match="retries"):
        backend.settle([*ends[:7], wrong, *ends[8:]])
    assert backend.counts() == {"all": {RUNNING: 20}}
    assert backend.outcomes(MANY[:20]) == {}
