"""`reap`: what becomes of the tasks of workers that died."""

import pytest

from gator_nb.backends.base import Backend, Beat
from gator_nb.client.reaping import reap
from gator_nb.constants import MAX_LOSSES, PROMOTE_BATCH
from gator_nb.host.liveness import Life
from gator_nb.record import Reason, Record
from gator_nb.states import CANCELED, DELAYED, FAILED, RUNNING, WAITING

from .specimens import call, push, record, status, take, take_one, worker
from .stores import Clock


def lose(backend: Backend, task_id: str) -> Record:
    """Claim this one task by itself and let the worker die."""
    assert take_one(backend).id == task_id
    (lost,) = backend.reap(["w1"])
    assert lost == record(backend, task_id)
    return lost


def test_only_the_claims_of_the_dead_are_taken(backend: Backend) -> None:
    backend.put([call("a"), call("b")])
    take_one(backend, by="w1")
    kept = take_one(backend, by="w2")
    assert [one.id for one in backend.reap(["w1", "nobody"])] == ["a"]
    assert record(backend, "b") == kept
    assert backend.reap() == []


def test_a_lost_task_waits_again_and_the_loss_counts(backend: Backend) -> None:
    """The try counts too; the user's retries do not pay for it. It is claimed alone from now."""
    push(backend, "a", retries=2)
    lost = lose(backend, "a")
    assert (lost.status, lost.losses, lost.attempts) == (WAITING, 1, 1)
    assert (lost.retries, lost.alone) == (2, True)


def test_a_lost_task_keeps_its_place(backend: Backend) -> None:
    backend.put([call("a"), call("b")])
    lose(backend, "a")
    assert take_one(backend).id == "a"


def test_the_last_loss_that_is_borne(backend: Backend, clock: Clock) -> None:
    push(backend, "a")
    push(backend, "b", depends_on=("a",))
    for _ in range(MAX_LOSSES - 1):
        assert lose(backend, "a").status is WAITING
    lost = lose(backend, "a")
    assert (lost.status, lost.reason, lost.losses) == (FAILED, Reason.LOST, MAX_LOSSES)
    assert (lost.finished, bool(lost.error)) == (clock.time, True)
    assert status(backend, "b") is FAILED


@pytest.mark.parametrize(
    ("on_lost", "kernel", "becomes"),
    [
        (None, False, WAITING),
        (None, True, FAILED),
        ("retry", False, WAITING),
        ("retry", True, WAITING),
        ("fail", False, FAILED),
        ("fail", True, FAILED),
    ],
)
def test_on_lost_decides(backend: Backend, on_lost: str, kernel: bool, becomes: int) -> None:
    """Unasked, what died with a kernel is not run again, and what died elsewhere is."""
    backend.register(worker("w1", kernel=kernel))
    push(backend, "a", on_lost=on_lost)
    assert lose(backend, "a").status is becomes


@pytest.mark.parametrize("on_lost", [None, "retry", "fail"])
def test_what_had_not_begun_waits_again_uncounted(backend: Backend, on_lost: str | None) -> None:
    """It was only in the batch of a worker that died; it is suspected and claimed alone next."""
    backend.register(worker("w1", kernel=True))
    backend.put([call("a", on_lost=on_lost), call("b", on_lost=on_lost)])
    take(backend, 2)
    assert {one.id for one in backend.reap(["w1"])} == {"a", "b"}
    for task_id in "ab":
        back = record(backend, task_id)
        assert (back.status, back.attempts, back.losses, back.alone) == (WAITING, 0, 0, True)
    assert len(take(backend, 2)) == 1


def test_a_task_reported_begun_is_lost_out_of_a_batch(backend: Backend) -> None:
    backend.put([call("a"), call("b")])
    first = take(backend, 2)[0].record
    backend.renew("w1", [Beat("a", first.claim or "", begun=True)])
    backend.reap(["w1"])
    assert [record(backend, one).losses for one in "ab"] == [1, 0]


def test_what_was_asked_to_stop_is_canceled_unconfirmed(backend: Backend, clock: Clock) -> None:
    """Begun or not: nobody is left to say that it has stopped, and nobody wants it."""
    backend.put([call("a"), call("b"), call("c", depends_on=("a",))])
    take(backend, 2)
    backend.cancel(["a", "b"], "me")
    backend.reap(["w1"])
    for task_id in "ab":
        ended = record(backend, task_id)
        assert (ended.status, ended.reason) == (CANCELED, Reason.UNCONFIRMED)
        assert ended.finished == clock.time
    assert record(backend, "c").reason == Reason.DEPENDENCY


# -- by lease ---------------------------------------------------------------------------------


def test_a_silent_worker_loses_its_claims_when_its_lease_ends(
    backend: Backend, clock: Clock
) -> None:
    clock.advance(1000)
    backend.register(worker("w1", lease=15))
    push(backend, "a")
    take_one(backend)
    clock.advance(14)
    assert backend.reap() == []
    clock.advance(2)
    assert [one.id for one in backend.reap()] == ["a"]


def test_a_renewed_lease_keeps_its_claims(backend: Backend, clock: Clock) -> None:
    clock.advance(1000)
    backend.register(worker("w1", lease=15))
    push(backend, "a")
    take_one(backend)
    for _ in range(10):
        clock.advance(10)
        backend.renew("w1", [])
        assert backend.reap() == []
    assert status(backend, "a") is RUNNING


def test_who_is_known_to_live_needs_no_lease(backend: Backend, clock: Clock) -> None:
    """A lock that is held tells of life, however late the renewal. It is no excuse for one that
    has signed off."""
    clock.advance(1000)
    backend.register(worker("w1", lease=15))
    backend.register(worker("w2", lease=15))
    backend.put([call("a"), call("b")])
    take_one(backend, by="w1")
    take_one(backend, by="w2")
    clock.advance(16)
    assert [one.id for one in backend.reap(living=["w1"])] == ["b"]
    assert status(backend, "a") is RUNNING
    backend.unregister("w1")
    assert [one.id for one in backend.reap(living=["w1"])] == ["a"]


def test_a_reaper_that_sleeps_amid_its_look_takes_nothing_from_the_living(
    backend: Backend, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lid may close, or the process be stopped, after the locks were looked at. Then every lease
    is over when it goes on, and the workers wake no sooner."""
    clock.advance(1000)
    backend.register(worker("w1", lease=15))
    push(backend, "a")
    take_one(backend)

    def looked_at(_path: str, _boot: str) -> Life:
        clock.advance(3600)
        return Life.ALIVE

    monkeypatch.setattr("gator_nb.client.reaping.probe", looked_at)
    assert reap(backend) == []
    assert status(backend, "a") is RUNNING


def test_nothing_is_taken_by_lease_for_one_lease_after_connecting(
    backend: Backend, clock: Clock
) -> None:
    """Who has just come cannot know whether silence was the worker's or the store's; a free
    lock needs no such grace."""
    clock.advance(-1000)  # long before this backend came
    backend.register(worker("w1", lease=60.0))
    backend.register(worker("w2", lease=60.0))
    backend.put([call("a"), call("b")])
    take_one(backend, by="w1")
    take_one(backend, by="w2")
    clock.advance(1050)
    assert backend.reap() == []
    assert [one.id for one in backend.reap(["w2"])] == ["b"]
    clock.advance(11)
    assert [one.id for one in backend.reap()] == ["a"]


def test_what_an_unregistered_worker_holds_is_taken_by_the_next_reap(backend: Backend) -> None:
    push(backend, "a")
    take_one(backend)
    backend.unregister("w1")
    assert status(backend, "a") is RUNNING
    assert [one.id for one in backend.reap()] == ["a"]
    assert record(backend, "a").losses == 1


def test_a_kernel_that_unregistered_was_a_kernel(backend: Backend) -> None:
    """What it left behind is not run again unasked."""
    backend.register(worker("w1", kernel=True))
    push(backend, "a")
    take_one(backend)
    backend.unregister("w1")
    backend.reap()
    assert record(backend, "a").reason == Reason.LOST


# -- time -------------------------------------------------------------------------------------


def test_a_reap_promotes_and_expires(backend: Backend, clock: Clock) -> None:
    """So a store without workers is true as well. Only tasks that were claimed are answered."""
    backend.put([call("a", due=clock.time + 5), call("b", expires=clock.time + 5)])
    clock.advance(5)
    assert backend.reap() == []
    assert status(backend, "a") is WAITING
    assert record(backend, "b").reason == Reason.EXPIRED


def test_a_reap_promotes_a_bounded_number(backend: Backend, clock: Clock) -> None:
    backend.put([call(f"t{n}", due=clock.time + 5) for n in range(PROMOTE_BATCH + 100)])
    clock.advance(5)
    backend.reap()
    assert backend.counts()["all"][DELAYED] >= 100
    backend.reap()
    assert backend.counts() == {"all": {WAITING: PROMOTE_BATCH + 100}}
