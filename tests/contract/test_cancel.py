"""`cancel`: at once what has not started, a request for what runs."""

import pytest

from gator_nb.backends.base import Answer, Backend, Beat
from gator_nb.constants import FORCED
from gator_nb.errors import TaskNotFound
from gator_nb.record import Reason
from gator_nb.states import BLOCKED, CANCELED, DELAYED, FAILED, RETRYING, RUNNING, SUCCESS, WAITING

from .specimens import call, ended_as, push, record, retry, status, take, take_one
from .stores import Clock


def test_whatever_has_not_started_is_canceled_at_once(backend: Backend, clock: Clock) -> None:
    push(backend, "again", retries=1)
    backend.settle([retry(take_one(backend), due=clock.time + 9)])
    backend.put([call("a"), call("b", due=clock.time + 9), call("c", held=True)])
    ids = ["again", "a", "b", "c"]
    assert [status(backend, one) for one in ids] == [RETRYING, WAITING, DELAYED, BLOCKED]
    answered = backend.cancel(ids, "me")
    assert [one.id for one in answered] == ids
    for one in answered:
        assert (one.status, one.reason, one.finished) == (CANCELED, Reason.CANCELED, clock.time)
        assert one == record(backend, one.id)
    clock.advance(10)
    backend.unhold("all")
    assert take(backend, 10) == []


def test_what_runs_is_asked_once(backend: Backend, clock: Clock) -> None:
    """It is RUNNING until its holder says that it has stopped; the first who asked is named."""
    push(backend, "a")
    take_one(backend)
    asked_at = clock.time
    (asked,) = backend.cancel(["a"], "me")
    clock.advance(5)
    (again,) = backend.cancel(["a"], "somebody else")
    for one in (asked, again, record(backend, "a")):
        assert one.status is RUNNING
        assert (one.cancel_at, one.cancel_by) == (asked_at, "me")


@pytest.mark.parametrize("how", [SUCCESS, FAILED, CANCELED])
def test_what_has_ended_is_left_alone(backend: Backend, how: int) -> None:
    before = ended_as(backend, "a", {SUCCESS: SUCCESS, FAILED: FAILED}.get(how, CANCELED))
    assert backend.cancel(["a"], "me") == [before]
    assert record(backend, "a") == before


def test_an_unknown_id_cancels_nothing(backend: Backend) -> None:
    push(backend, "a")
    with pytest.raises(TaskNotFound, match="nobody"):
        backend.cancel(["a", "nobody"], "me")
    assert status(backend, "a") is WAITING
    assert backend.cancel([], "me") == []


def test_dependents_fail(backend: Backend) -> None:
    backend.put([call("a"), call("b", depends_on=("a",)), call("c", depends_on=("b",))])
    backend.cancel(["a"], "me")
    assert [status(backend, one) for one in "abc"] == [CANCELED, FAILED, FAILED]


def test_a_group_is_canceled_as_a_whole(backend: Backend) -> None:
    """Whoever is named is canceled, also when something that it depends on is named before it."""
    backend.put([call("a"), call("b", depends_on=("a",)), call("c", depends_on=("b",))])
    backend.cancel(["a", "b"], "me")
    assert [status(backend, one) for one in "abc"] == [CANCELED, CANCELED, FAILED]


def test_asking_does_not_fail_dependents(backend: Backend) -> None:
    """The task may yet succeed."""
    backend.put([call("a"), call("b", depends_on=("a",))])
    take_one(backend)
    backend.cancel(["a"], "me")
    assert status(backend, "b") is BLOCKED


def test_force_tells_the_holder_to_kill(backend: Backend) -> None:
    """Whoever holds the claim hears it as long as the task runs, whatever step it tells of."""
    push(backend, "a")
    claimed = take_one(backend)
    beat = Beat("a", claimed.claim or "", cancel_step="interrupted")
    backend.cancel(["a"], "me")
    assert backend.renew("w1", [beat]) == [Answer.CANCEL]
    backend.cancel(["a"], "you", force=True)
    assert backend.renew("w1", [beat]) == backend.renew("w1", [beat]) == [Answer.KILL]
    asked = record(backend, "a")
    assert (asked.cancel_by, asked.cancel_step) == ("me", FORCED)


def test_force_at_once_is_a_cancel_too(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    backend.cancel(["a"], "me", force=True)
    assert record(backend, "a").cancel_by == "me"
    assert backend.renew("w1", [Beat("a", claimed.claim or "")]) == [Answer.KILL]


def test_what_runs_can_be_left_alone(backend: Backend) -> None:
    """For whoever may only withdraw what has not begun; in one step, so that nobody is between."""
    push(backend, "a")
    running = take_one(backend)
    push(backend, "b")
    answered = backend.cancel(["a", "b"], "me", unstarted_only=True)
    assert [one.status for one in answered] == [RUNNING, CANCELED]
    assert answered[0] == running
