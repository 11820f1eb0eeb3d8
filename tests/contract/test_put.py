"""`put`: what a push becomes."""

import pytest

from gator_nb.backends.base import Backend, Push
from gator_nb.constants import MAX_LANES
from gator_nb.errors import GatorError, TaskExists, TaskNotFound
from gator_nb.record import Record
from gator_nb.states import BLOCKED, CANCELED, DELAYED, FAILED, RUNNING, SUCCESS, WAITING

from .specimens import call, end, ended_as, push, record, status, take, take_one
from .stores import Clock


def test_a_plain_push_waits(backend: Backend, clock: Clock) -> None:
    """The store sets status, order and time of creation, and keeps the rest as pushed."""
    answered = push(backend, "a", label="score", tags=("x", "y"), retries=2, session="s")
    assert (answered.status, answered.created) == (WAITING, clock.time)
    assert (answered.label, answered.tags, answered.retries) == ("score", ("x", "y"), 2)
    assert record(backend, "a") == answered


def test_a_push_with_a_time_ahead_is_delayed(backend: Backend, clock: Clock) -> None:
    assert push(backend, "later", due=clock.time + 5).status is DELAYED
    assert push(backend, "past", due=clock.time - 5).status is WAITING


def test_a_push_that_is_held_is_blocked(backend: Backend) -> None:
    assert push(backend, "a", held=True).status is BLOCKED
    assert take(backend) == []


def test_push_order_counts_up(backend: Backend) -> None:
    """`seq` rises from push to push; a higher priority gives a lower rank."""
    first, second, urgent = backend.put([call("a"), call("b"), call("c", priority=1)])
    assert first.seq < second.seq < urgent.seq
    assert urgent.rank < first.rank < second.rank


def test_answers_come_in_the_order_of_the_pushes(backend: Backend) -> None:
    ids = [f"t{n}" for n in range(20)]
    assert [one.id for one in backend.put([call(task_id) for task_id in ids])] == ids
    assert backend.put([]) == []


def test_a_batch_is_stored_as_a_whole_or_not_at_all(backend: Backend) -> None:
    """One refused push and none is there; the next push goes as if nothing had been."""
    push(backend, "there", call_key="k1")
    cursor = backend.changes().cursor
    with pytest.raises(TaskExists):
        backend.put([call("new"), call("there", call_key="k2", envelope=b"other")])
    assert backend.get(["new"]) == [None]
    assert backend.counts() == {"all": {WAITING: 1}}
    assert backend.changes(cursor).records == []
    with pytest.raises(TaskNotFound):
        backend.envelope("new")
    assert push(backend, "new").status is WAITING


# -- the same id again ------------------------------------------------------------------------


def test_the_same_id_with_an_equal_key_is_the_same_task(backend: Backend) -> None:
    """A push whose reply was lost is repeated without harm, even when the task has run since."""
    push(backend, "a", call_key="k")
    again = push(backend, "a", call_key="k", envelope=b"signed anew", label="renamed")
    assert (again.status, again.label) == (WAITING, "fit")
    assert backend.envelope("a") == b"call of a"
    backend.settle([end(take_one(backend), SUCCESS)])
    assert push(backend, "a", call_key="k").status is SUCCESS
    assert backend.counts() == {"all": {SUCCESS: 1}}


def test_the_same_id_with_the_same_envelope_is_the_same_task(backend: Backend) -> None:
    """Also where the call cannot be digested and so has no key."""
    first = push(backend, "a", call_key=None)
    assert push(backend, "a", call_key=None) == first


def test_the_same_id_twice_in_one_batch_is_one_task(backend: Backend) -> None:
    first, second = backend.put([call("a"), call("a")])
    assert first == second
    assert backend.len("all") == 1


@pytest.mark.parametrize(("old", "new"), [("k1", "k2"), (None, None), (None, "k"), ("k", None)])
def test_the_same_id_with_another_call_is_refused(
    backend: Backend, old: str | None, new: str | None
) -> None:
    """The text names the id and what differs; the task that is there stays as it was."""
    before = push(backend, "a", call_key=old, label="fit")
    with pytest.raises(TaskExists, match=r"'?a'?.*(fit|score|call|key|envelope)"):
        push(backend, "a", call_key=new, label="score", envelope=b"another")
    assert record(backend, "a") == before


# -- reuse ------------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [WAITING, RUNNING, SUCCESS])
def test_reuse_answers_the_task_of_that_key(backend: Backend, until: int) -> None:
    """Run All: the second run of the cell gets the task of the first, wherever it stands."""
    push(backend, "a", call_key="k")
    if until != WAITING:
        claimed = take_one(backend)
        if until == SUCCESS:
            backend.settle([end(claimed, SUCCESS)])
    answered = push(backend, "b", call_key="k", reuse=True)
    assert (answered.id, answered.status) == ("a", until)
    assert backend.get(["b"]) == [None]


@pytest.mark.parametrize("how", [FAILED, CANCELED])
def test_reuse_does_not_take_what_failed_or_was_canceled(backend: Backend, how: int) -> None:
    push(backend, "a", call_key="k")
    if how == FAILED:
        backend.settle([end(take_one(backend), FAILED)])
    else:
        backend.cancel(["a"], "me")
    assert push(backend, "b", call_key="k", reuse=True).id == "b"


def test_reuse_takes_the_newest(backend: Backend) -> None:
    """Of several tasks with that key the newest that is good, not merely the newest."""
    for task_id in ("a", "b", "c"):
        push(backend, task_id, call_key="k")
    backend.cancel(["c"], "me")
    assert push(backend, "d", call_key="k", reuse=True).id == "b"


def test_reuse_stays_within_its_queue_and_needs_a_key(backend: Backend) -> None:
    push(backend, "a", call_key="k", queue="other")
    assert push(backend, "b", call_key="k", reuse=True).id == "b"
    push(backend, "c", call_key=None)
    assert push(backend, "d", call_key=None, reuse=True).id == "d"


def test_reuse_sees_the_earlier_pushes_of_its_batch(backend: Backend) -> None:
    first, second = backend.put([call("a", call_key="k"), call("b", call_key="k", reuse=True)])
    assert (first.id, second.id) == ("a", "a")


def test_without_reuse_equal_keys_are_two_tasks(backend: Backend) -> None:
    push(backend, "a", call_key="k")
    assert push(backend, "b", call_key="k").id == "b"
    assert backend.len("all") == 2


# -- claimed from the start -------------------------------------------------------------------


def test_claimed_by_starts_running(backend: Backend, clock: Clock) -> None:
    """A task is stored and claimed by itself in one step; delay and hold do not matter then."""
    pushes = [call("a"), call("b", due=clock.time + 60), call("c", held=True)]
    for one in backend.put(pushes, claimed_by="w1"):
        assert one.status is RUNNING
        assert (one.worker, one.attempts, one.begun) == ("w1", 1, True)
        assert (one.started, one.claim and len(one.claim)) == (clock.time, 32)
    assert take(backend) == []


def test_claimed_by_leaves_what_is_there_unclaimed(backend: Backend) -> None:
    push(backend, "a", call_key="k")
    (again,) = backend.put([call("a", call_key="k")], claimed_by="w1")
    assert again.status is WAITING
    (reused,) = backend.put([call("b", call_key="k", reuse=True)], claimed_by="w1")
    assert (reused.id, reused.status) == ("a", WAITING)


# -- retries and lanes ------------------------------------------------------------------------


def test_a_retry_is_served_by_its_origins_envelope(backend: Backend) -> None:
    """Without an envelope of its own; and the push of a retry can be repeated too."""
    ended_as(backend, "a", FAILED)
    again = Push(call("b").record._replace(origin="a", parent="a"), None)
    first = backend.put([again])
    assert backend.put([again]) == first
    assert backend.envelope("b") == b"call of a"
    assert take(backend)[0].envelope == b"call of a"


def test_a_retry_of_an_unknown_origin_is_refused(backend: Backend) -> None:
    with pytest.raises(TaskNotFound, match="gone"):
        backend.put([Push(Record("b", "all", origin="gone"), None)])
    assert backend.get(["b"]) == [None]


def test_a_queue_has_a_bounded_number_of_lanes(backend: Backend) -> None:
    """One more lane is refused and said so; the lanes that are there go on; a new queue is new."""
    backend.put([call(f"t{n}", lane=f"lane {n}") for n in range(MAX_LANES)])
    with pytest.raises(GatorError, match=r"lane"):
        push(backend, "more", lane="one more")
    assert push(backend, "known", lane="lane 0").status is WAITING
    assert push(backend, "elsewhere", lane="one more", queue="other").status is WAITING


def test_a_batch_that_opens_too_many_lanes_is_refused(backend: Backend) -> None:
    with pytest.raises(GatorError, match=r"lane"):
        backend.put([call(f"t{n}", lane=f"lane {n}") for n in range(MAX_LANES + 1)])
    assert backend.len("all") == 0
    assert status(backend, backend.put([call("a")])[0].id) is WAITING
