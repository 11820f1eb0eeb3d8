"""`hold` and `unhold`: a returning notebook lets yesterday's tasks wait for a word."""

from gator_nb.backends.base import Backend
from gator_nb.states import BLOCKED, CANCELED, DELAYED, RETRYING, RUNNING, SUCCESS, WAITING

from .specimens import call, ended_as, push, record, retry, status, success, take, take_one
from .stores import Clock


def test_unstarted_tasks_of_other_sessions_are_held(backend: Backend) -> None:
    """Neither those of spared sessions or none, nor of other queues, nor what runs or has ended."""
    ended_as(backend, "done", SUCCESS)
    push(backend, "running", session="s1")
    take_one(backend)
    backend.put(
        [
            call("a", session="s1"),
            call("b", session="s2"),
            call("c", session="s3"),
            call("d", session=None),
            call("e", session="s1", queue="other"),
        ]
    )
    assert backend.hold("all", spare=["s3", "nobody"]) == 2
    held = {one.id for one in backend.page().records if one.status is BLOCKED}
    assert held == {"a", "b"}
    assert status(backend, "running") is RUNNING
    assert backend.hold("all", spare=["s3"]) == 0


def test_held_tasks_are_not_claimed(backend: Backend) -> None:
    push(backend, "a", session="s")
    backend.hold("all")
    assert take(backend) == []
    assert record(backend, "a").held
    assert backend.len("all") == 1


def test_unhold_puts_each_back_where_it_stood(backend: Backend, clock: Clock) -> None:
    """Ready, delayed, retrying or waiting for a task; the due time is kept."""
    push(backend, "again", session="s", retries=1)
    backend.settle([retry(take_one(backend), due=clock.time + 60)])
    backend.put(
        [
            call("a", session="s"),
            call("b", session="s", due=clock.time + 60),
            call("c", session="s", depends_on=("a",)),
        ]
    )
    ids = ["again", "a", "b", "c"]
    stood = [status(backend, one) for one in ids]
    assert stood == [RETRYING, WAITING, DELAYED, BLOCKED]
    assert backend.hold("all") == 4
    assert {status(backend, one) for one in ids} == {BLOCKED}
    assert backend.unhold("all") == 4
    assert [status(backend, one) for one in ids] == stood
    assert record(backend, "b").due == clock.time + 60
    assert backend.unhold("all") == 0


def test_the_old_place_in_the_line_is_kept(backend: Backend) -> None:
    backend.put([call("a", session="s"), call("b")])
    backend.hold("all")
    backend.unhold("all")
    assert take_one(backend).id == "a"


def test_what_came_due_meanwhile_is_ready_at_unhold(backend: Backend, clock: Clock) -> None:
    push(backend, "a", session="s", due=clock.time + 5)
    backend.hold("all")
    clock.advance(10)
    assert take(backend) == []
    backend.unhold("all")
    assert take_one(backend).id == "a"


def test_a_held_task_waits_although_its_dependency_succeeds(backend: Backend) -> None:
    backend.put([call("a"), call("b", depends_on=("a",), session="s")])
    assert backend.hold("all") == 1
    backend.settle([success(take_one(backend))])
    assert status(backend, "b") is BLOCKED
    backend.unhold("all")
    assert status(backend, "b") is WAITING


def test_unhold_is_for_one_queue(backend: Backend) -> None:
    backend.put([call("a", held=True), call("b", held=True, queue="other")])
    assert backend.unhold("all") == 1
    assert [status(backend, one) for one in "ab"] == [WAITING, BLOCKED]


def test_a_held_task_can_be_canceled(backend: Backend) -> None:
    push(backend, "a", held=True)
    backend.cancel(["a"], "me")
    assert backend.unhold("all") == 0
    assert status(backend, "a") is CANCELED
