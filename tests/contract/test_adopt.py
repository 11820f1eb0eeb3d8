"""A worker that was silent for too long comes back: it adopts what nobody has begun since.

So a laptop that was closed, or a cable that was pulled, repeats nothing that need not be repeated.
"""

import pytest

from gator_nb.backends.base import Answer, Backend
from gator_nb.states import RUNNING, SUCCESS, WAITING

from .specimens import beat, call, push, record, status, success, take, take_one


@pytest.fixture
def lost(backend: Backend):
    """A task that has begun, and was taken from its worker."""
    push(backend, "a")
    claimed = take_one(backend)
    backend.reap(["w1"])
    assert (record(backend, "a").status, record(backend, "a").losses) == (WAITING, 1)
    return claimed


def test_a_beat_adopts(backend: Backend, lost) -> None:
    """It runs on as before, and was never lost; nobody else is given it any more."""
    assert backend.renew("w1", [beat(lost, progress="half", log=b"on")]) == [Answer.KEPT]
    now = record(backend, "a")
    assert (now.status, now.claim, now.worker) == (RUNNING, lost.claim, "w1")
    assert (now.attempts, now.losses, now.started) == (1, 0, lost.started)
    assert (now.progress, backend.log("a")) == ("half", b"on")
    assert take(backend, 1, by="w2") == []
    assert backend.settle([success(lost)]) == [Answer.DONE]


def test_a_result_is_taken(backend: Backend, lost) -> None:
    """It ended while its worker was silent, and need not run again."""
    assert backend.settle([success(lost)]) == [Answer.DONE]
    now = record(backend, "a")
    assert (now.status, now.attempts, now.losses) == (SUCCESS, 1, 0)
    assert backend.outcome("a") is not None


def test_a_checkpoint_is_kept(backend: Backend, lost) -> None:
    assert backend.save("a", lost.claim or "", b"half") is Answer.KEPT
    assert (status(backend, "a"), backend.saved("a")) == (RUNNING, b"half")


def test_what_had_not_begun_counts_as_begun_from_then_on(backend: Backend) -> None:
    """Of a batch: its worker has begun it meanwhile, or has done all of it."""
    backend.put([call("a"), call("b")])
    one, two = (claimed.record for claimed in take(backend, 2))
    backend.reap(["w1"])
    assert [record(backend, task_id).attempts for task_id in "ab"] == [0, 0]
    assert backend.renew("w1", [beat(one, begun=True)]) == [Answer.KEPT]
    assert backend.settle([success(two)]) == [Answer.DONE]
    for task_id in "ab":
        now = record(backend, task_id)
        assert (now.attempts, now.losses, now.started is None) == (1, 0, False)


def test_once_somebody_else_has_it_it_is_lost(backend: Backend, lost) -> None:
    fresh = take_one(backend, by="w2")
    assert backend.renew("w1", [beat(lost)]) == [Answer.LOST]
    assert backend.settle([success(lost)]) == [Answer.LOST]
    backend.release([("a", fresh.claim or "")])
    assert backend.renew("w1", [beat(lost)]) == [Answer.LOST]


def test_what_was_given_back_is_not_adopted(backend: Backend, lost) -> None:
    """Its worker has stopped it; that was its last word."""
    assert backend.release([("a", lost.claim or "")]) == [Answer.LOST]
    claimed = take_one(backend, by="w1")
    assert backend.release([("a", claimed.claim or "")]) == [Answer.DONE]
    assert backend.settle([success(claimed)]) == [Answer.DONE], "a repeat, which changes nothing"
    assert status(backend, "a") is WAITING


def test_what_was_canceled_or_held_meanwhile_is_lost(backend: Backend) -> None:
    backend.put([call("a"), call("b", session="s")])
    one, two = (take_one(backend) for _ in range(2))
    backend.reap(["w1"])
    backend.cancel(["a"], "me")
    backend.hold("all")
    assert backend.renew("w1", [beat(one), beat(two)]) == [Answer.LOST] * 2


def test_a_worker_that_has_signed_off_adopts_nothing(backend: Backend, lost) -> None:
    """Its claim would be taken again at once."""
    backend.unregister("w1")
    assert backend.renew("w1", [beat(lost)]) == [Answer.LOST]


def test_a_full_limit_is_in_the_way(backend: Backend) -> None:
    """Another task has taken the place of the one that was lost."""
    backend.put([call("a", limit="1:api"), call("b", limit="1:api")])
    claimed = take_one(backend)
    backend.reap(["w1"])
    other = backend.claim_task("w2", "b").record
    assert backend.renew("w1", [beat(claimed)]) == [Answer.LOST]
    backend.settle([success(other)])
    assert backend.settle([success(claimed)]) == [Answer.DONE]
