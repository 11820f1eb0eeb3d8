"""A paused queue hands out nothing until it goes on."""

from gator_nb.backends.base import Backend, Claimed
from gator_nb.states import RUNNING, WAITING

from .specimens import call, push, status, success, take, take_one


def test_nothing_of_a_paused_queue_is_claimed(backend: Backend) -> None:
    push(backend, "a")
    push(backend, "b", queue="other")
    backend.pause("all")
    assert [one.record.id for one in take(backend, 10)] == ["b"]
    assert take(backend, 10, queues=["all"]) == []
    assert status(backend, "a") is WAITING


def test_what_is_pushed_later_waits_too(backend: Backend) -> None:
    """The queue is paused, not its tasks; it may be empty or unknown as yet."""
    backend.pause("all")
    assert push(backend, "a").status is WAITING
    assert take(backend) == []
    backend.pause("all", on=False)
    assert take_one(backend).id == "a"


def test_what_runs_goes_on(backend: Backend) -> None:
    push(backend, "a")
    push(backend, "b")
    first = take_one(backend)
    backend.pause("all")
    backend.settle([success(first)])
    assert take(backend) == []


def test_whoever_asks_for_a_task_by_name_gets_it(backend: Backend) -> None:
    push(backend, "a")
    backend.pause("all")
    assert isinstance(backend.claim_task("w1", "a"), Claimed)
    assert backend.put([call("b")], claimed_by="w1")[0].status is RUNNING


def test_the_paused_queues_are_told(backend: Backend) -> None:
    """Pausing or letting go on twice is as good as once."""
    assert backend.paused() == set()
    for queue in ("all", "other", "all"):
        backend.pause(queue)
    assert backend.paused() == {"all", "other"}
    for _ in range(2):
        backend.pause("other", on=False)
    assert backend.paused() == {"all"}


def test_going_on_wakes_whoever_looks_for_work(backend: Backend) -> None:
    backend.pause("all")
    push(backend, "a")
    listener = backend.listen(["work"])
    while listener.wait(0.05):  # what came before
        pass
    backend.pause("all", on=False)
    assert listener.wait(15)
    listener.close()
