"""`counts`, `len`, `drop_all`, `verify`: the store as a whole."""

from gator_nb.backends.base import Answer, Backend
from gator_nb.constants import EVERY
from gator_nb.record import Reason
from gator_nb.states import BLOCKED, CANCELED, DELAYED, FAILED, RETRYING, RUNNING, SUCCESS, WAITING

from .specimens import call, ended_as, push, record, retry, success, take_one
from .stores import Clock


def one_of_each(backend: Backend, clock: Clock) -> None:
    """A task in each status in queue "all", and a waiting one in "other"."""
    ended_as(backend, "success", SUCCESS)
    ended_as(backend, "failed", FAILED)
    ended_as(backend, "canceled", CANCELED)
    push(backend, "retrying", retries=1)
    backend.settle([retry(take_one(backend), due=clock.time + 60)])
    push(backend, "running")
    take_one(backend)
    backend.put(
        [
            call("waiting"),
            call("delayed", due=clock.time + 60),
            call("blocked", depends_on=("running",)),
            call("elsewhere", queue="other"),
        ]
    )


def test_counts_by_queue_and_status(backend: Backend, clock: Clock) -> None:
    assert backend.counts() == {}
    one_of_each(backend, clock)
    every = (WAITING, SUCCESS, FAILED, DELAYED, RETRYING, CANCELED, RUNNING, BLOCKED)
    assert backend.counts() == {"all": dict.fromkeys(every, 1), "other": {WAITING: 1}}


def test_len_counts_what_has_not_started(backend: Backend, clock: Clock) -> None:
    one_of_each(backend, clock)
    assert backend.len("all") == 4
    assert backend.len("other") == 1
    assert backend.len("nobody") == 0
    assert backend.len(EVERY) == 5


def test_drop_all_removes_a_queue_whatever_is_in_it(backend: Backend, clock: Clock) -> None:
    one_of_each(backend, clock)
    backend.drop_all("all")
    assert backend.counts() == {"other": {WAITING: 1}}
    assert backend.get(["success", "running", "waiting"]) == [None] * 3
    assert [one.id for one in backend.page().records] == ["elsewhere"]
    assert take_one(backend).id == "elsewhere"


def test_drop_all_of_every_queue(backend: Backend, clock: Clock) -> None:
    """Workers stay registered, and the store can be used on."""
    one_of_each(backend, clock)
    backend.drop_all(EVERY)
    assert backend.counts() == {}
    assert backend.next_due() is None
    assert len(backend.presences()) == 2
    assert push(backend, "waiting", envelope=b"quite another call").status is WAITING


def test_the_claim_of_a_dropped_task_is_lost(backend: Backend) -> None:
    push(backend, "a")
    claimed = take_one(backend)
    backend.drop_all("all")
    assert backend.settle([success(claimed)]) == [Answer.LOST]
    assert backend.release([("a", claimed.claim or "")]) == [Answer.LOST]


def test_what_depends_on_a_dropped_task_elsewhere_fails(backend: Backend) -> None:
    """It would wait for ever."""
    backend.put([call("a"), call("b", queue="other", depends_on=("a",))])
    backend.drop_all("all")
    failed = record(backend, "b")
    assert (failed.status, failed.reason) == (FAILED, Reason.DEPENDENCY)


def test_verify_finds_nothing_in_a_sound_store(backend: Backend, clock: Clock) -> None:
    assert backend.verify() == []
    one_of_each(backend, clock)
    assert backend.verify() == []
