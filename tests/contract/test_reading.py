"""`get`, `envelope`, `outcome`, `log`, `page`, `next_due`."""

from collections.abc import Callable

import pytest

from gator_nb.backends.base import Backend, Filter, Push
from gator_nb.errors import TaskNotFound
from gator_nb.states import FAILED, RUNNING, SUCCESS, WAITING

from .specimens import call, push, record, retry, success, take, take_one
from .stores import Clock

EVERYTHING = Filter()


def ids(backend: Backend, where: Filter = EVERYTHING, **more: int) -> list[str]:
    return [one.id for one in backend.page(where, **more).records]


def test_get_answers_in_order_with_none_for_the_unknown(backend: Backend) -> None:
    a, b = backend.put([call("a"), call("b")])
    assert backend.get(["b", "nobody", "a", "b"]) == [b, None, a, b]
    assert backend.get([]) == []


def test_every_field_comes_back_as_it_was_pushed(backend: Backend, clock: Clock) -> None:
    """Names in any script, and what the store itself does not use."""
    for name in ("r1", "r2"):
        backend.blobs.add(name, 0, b"large")
        backend.blobs.complete(name, 1)
    fields = {
        "priority": -3, "parent": "p", "session": "s", "group": "g", "name": "naïve 名",
        "label": "ü", "call_key": "k", "expires": clock.time + 5.25, "keep": 2.5, "retries": 3,
        "on_lost": "fail", "checkpoint": "c", "limit": "2:api", "needs": "gpu=1",
        "tags": ("a b", "c"), "refs": ("r1", "r2"),
    }  # fmt: skip
    push(backend, "a", **fields)
    found = record(backend, "a")
    assert {field: getattr(found, field) for field in fields} == fields


@pytest.mark.parametrize("read", [Backend.envelope, Backend.outcome, Backend.log])
def test_an_unknown_task_is_not_found(
    backend: Backend, read: Callable[[Backend, str], object]
) -> None:
    with pytest.raises(TaskNotFound, match="nobody"):
        getattr(backend, read.__name__)("nobody")


def test_outcome_is_none_before_there_is_one_and_then_the_newest(backend: Backend) -> None:
    push(backend, "a", retries=1)
    assert backend.outcome("a") is None
    backend.settle([retry(take_one(backend), outcome=b"1")])
    assert backend.outcome("a") == b"1"
    backend.settle([success(take_one(backend), outcome=b"2")])
    assert backend.outcome("a") == b"2"


def test_log_is_read_from_a_byte_on(backend: Backend) -> None:
    push(backend, "a")
    assert backend.log("a") == b""
    backend.settle([success(take_one(backend), log=b"\x00one two\xff")])
    assert backend.log("a", 4) == b" two\xff"
    assert backend.log("a", 100) == b""


# -- pages ------------------------------------------------------------------------------------


def test_pages_are_newest_first(backend: Backend) -> None:
    backend.put([call("a"), call("b", priority=5), call("c")])
    assert ids(backend) == ["c", "b", "a"]


def test_pages_follow_each_other_while_new_tasks_arrive(backend: Backend) -> None:
    """By key, not by offset: none is shown twice and none is left out."""
    backend.put([call(f"t{n}") for n in range(7)])
    seen, after = [], None
    for arrival in range(10):
        page = backend.page(limit=3, after=after)
        seen += [one.id for one in page.records]
        push(backend, f"new{arrival}")
        after = page.next
        if after is None:
            break
    assert seen == [f"t{n}" for n in reversed(range(7))]


def test_the_last_page_says_so(backend: Backend) -> None:
    backend.put([call("a"), call("b")])
    assert backend.page(limit=2).next is None
    assert backend.page(limit=1).next is not None
    assert backend.page(Filter(queue="other")).records == []


FIELDS = {
    "queue": "q2", "name": "n2", "session": "s2", "group": "g2", "call_key": "k2",
}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_a_filter_on_one_field(backend: Backend, field: str) -> None:
    backend.put([call("a"), call("b", **{field: FIELDS[field]}), call("c", **{field: "other"})])
    assert ids(backend, Filter(**{field: FIELDS[field]})) == ["b"]


def test_a_filter_on_tag_worker_and_status(backend: Backend) -> None:
    backend.put([call("a", tags=("x", "y")), call("b", tags=("xy",)), call("c")])
    assert ids(backend, Filter(tag="x")) == ["a"]
    take_one(backend, by="w2")
    assert ids(backend, Filter(worker="w2")) == ["a"]
    assert ids(backend, Filter(status=frozenset({RUNNING}))) == ["a"]
    assert ids(backend, Filter(status=frozenset({WAITING, RUNNING}))) == ["c", "b", "a"]
    assert ids(backend, Filter(status=frozenset({SUCCESS, FAILED}))) == []
    assert ids(backend, Filter(status=frozenset())) == []


def test_every_field_of_a_filter_must_hold_on_every_page(backend: Backend) -> None:
    backend.put([call(f"t{n}", name="n" if n % 2 else "m", tags=(str(n % 3),)) for n in range(30)])
    where = Filter(name="n", tag="0", queue="all", status=frozenset({WAITING}))
    first = backend.page(where, limit=3)
    second = backend.page(where, limit=3, after=first.next)
    assert [one.id for one in first.records + second.records] == ["t27", "t21", "t15", "t9", "t3"]
    assert second.next is None


# -- what wants attention next ----------------------------------------------------------------


def test_next_due_is_the_nearest_of_all(backend: Backend, clock: Clock) -> None:
    assert backend.next_due() is None
    push(backend, "a")
    assert backend.next_due() is None
    push(backend, "b", expires=clock.time + 30)
    assert backend.next_due() == clock.time + 30
    push(backend, "c", due=clock.time + 20)
    assert backend.next_due() == clock.time + 20
    backend.settle([retry(take_one(backend), due=clock.time + 10)])
    assert backend.next_due() == clock.time + 10


def test_what_has_ended_or_is_held_is_not_due(backend: Backend, clock: Clock) -> None:
    push(backend, "a", due=clock.time + 10, session="s")
    backend.hold("all")
    assert backend.next_due() is None
    backend.unhold("all")
    assert backend.next_due() == clock.time + 10
    backend.cancel(["a"], "me")
    assert backend.next_due() is None


def test_what_runs_does_not_expire(backend: Backend, clock: Clock) -> None:
    push(backend, "a", expires=clock.time + 10)
    take(backend)
    assert backend.next_due() is None


def test_envelopes_and_outcomes_are_read_many_at_a_time(backend: Backend) -> None:
    """By id; what is not there, or has none as yet, is left out. A retry has its origin's."""
    push(backend, "a")
    backend.settle([success(take_one(backend), outcome=b"first")])
    push(backend, "b")
    backend.settle([success(take_one(backend), outcome=b"second")])
    backend.put([call("c"), Push(call("again").record._replace(origin="a"), None)])
    asked = ["b", "nobody", "c", "again", "a"]
    assert backend.envelopes(asked) == {
        "b": b"call of b", "c": b"call of c", "again": b"call of a", "a": b"call of a",
    }  # fmt: skip
    assert backend.outcomes(asked) == {"a": b"first", "b": b"second"}
    assert backend.envelopes([]) == backend.outcomes([]) == {}


def test_its_size_grows_with_what_it_holds(backend: Backend) -> None:
    """A store that is neither on a disk nor on a server tells none."""
    before = backend.size()
    backend.put([call(f"t{number}", envelope=bytes(10_000)) for number in range(400)])
    after = backend.size()
    assert after > before + 1_000_000 or (before, after) == (0, 0)
