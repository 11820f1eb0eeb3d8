"""A limit: so many tasks that name the same may run at once, in the whole store."""

import pytest

from gator_nb.backends.base import Answer, Backend, Filter
from gator_nb.constants import MAX_LANES
from gator_nb.errors import GatorError, TaskRunning
from gator_nb.record import Record
from gator_nb.states import (
    BLOCKED,
    CANCELED,
    FAILED,
    RUNNING,
    SUCCESS,
    WAITING,
)

from .specimens import (
    LANE,
    call,
    end,
    failure,
    push,
    record,
    retry,
    status,
    stopped,
    success,
    take,
    take_one,
    worker,
)
from .stores import Clock


def limited(backend: Backend, ids: str, limit: str = "2:api", **fields: object) -> None:
    """Push one task a letter, in one step."""
    backend.put([call(task_id, limit=limit, **fields) for task_id in ids])


def ids(claimed: list) -> str:  # type: ignore[type-arg]
    return "".join(one.record.id for one in claimed)


def records(claimed: list) -> list[Record]:  # type: ignore[type-arg]
    return [one.record for one in claimed]


# -- what is handed out -----------------------------------------------------------------------


def test_no_more_run_at_once_than_the_limit_says(backend: Backend) -> None:
    limited(backend, "abcd")
    assert ids(take(backend, 10)) == "ab"
    assert take(backend, 10, by="w2") == []


def test_it_holds_across_queues_lanes_and_workers(backend: Backend) -> None:
    """The store counts, not a queue or a worker."""
    limited(backend, "a", queue="one")
    limited(backend, "b", queue="two", lane="other")
    limited(backend, "c", queue="three")
    taken = [take(backend, 10, by=by, lanes=(LANE, "other")) for by in ("w1", "w2", "w1")]
    assert sorted(len(claimed) for claimed in taken) == [0, 1, 1]


def test_lines_of_one_limit_share_its_room_within_a_claim(backend: Backend) -> None:
    """What is passed over makes place for what has no limit."""
    backend.put([call("a", limit="1:api"), call("b", limit="1:api", lane="other"), call("c")])
    assert ids(take(backend, 2, lanes=(LANE, "other"))) == "ac"


def test_each_name_is_counted_by_itself(backend: Backend) -> None:
    limited(backend, "ab", "1:api")
    limited(backend, "cd", "1:disk")
    assert ids(take(backend, 10)) == "ac"


def test_a_task_goes_by_its_own_number(backend: Backend) -> None:
    """Two tasks may give different numbers for one name: three more run while one is enough for
    the cautious."""
    limited(backend, "a", "1:api")
    limited(backend, "bcd", "3:api")
    assert ids(take(backend, 1)) == "a"
    assert ids(take(backend, 10)) == "bc"
    assert take(backend, 10) == []


def test_what_has_no_limit_goes_past_what_waits_for_one(backend: Backend) -> None:
    limited(backend, "abc", "1:api", priority=5)
    push(backend, "free")
    assert ids(take(backend, 1)) == "a"
    assert [one.record.id for one in take(backend, 10)] == ["free"]


def test_what_a_limit_keeps_waiting_keeps_its_place(backend: Backend) -> None:
    """By priority, then in the order of pushing, whoever came to wait first."""
    limited(backend, "abc", "1:api")
    (first,) = records(take(backend))
    limited(backend, "x", "1:api", priority=1)
    order = ""
    while True:
        backend.settle([success(first)])
        claimed = take(backend)
        if not claimed:
            break
        (first,) = records(claimed)
        order += first.id
    assert order == "xbc"


def test_it_waits_as_what_waits_does(backend: Backend) -> None:
    """People see it as WAITING, in counts and in listings."""
    limited(backend, "abc", "1:api")
    take(backend)
    assert backend.counts() == {"all": {WAITING: 2, RUNNING: 1}}
    assert backend.len("all") == 2
    waiting = backend.page(Filter(status=frozenset({WAITING}))).records
    assert [one.id for one in waiting] == ["c", "b"]


# -- what gives room --------------------------------------------------------------------------


@pytest.mark.parametrize("make", [success, failure, stopped, retry])
def test_the_end_of_a_try_readies_the_next(backend: Backend, make: object) -> None:
    limited(backend, "ab", "1:api")
    (first,) = records(take(backend))
    backend.settle([make(first)])  # type: ignore[operator]
    assert len(take(backend, 10)) == 1
    assert take(backend, 10) == []


def test_a_claim_given_back_readies_the_next(backend: Backend) -> None:
    """In its place: the same task."""
    limited(backend, "ab", "1:api")
    first = take_one(backend)
    assert backend.release([(first.id, first.claim or "")]) == [Answer.DONE]
    assert ids(take(backend, 10)) == "a"


def test_a_lost_process_readies_the_next(backend: Backend) -> None:
    limited(backend, "ab", "1:api")
    backend.settle([end(take_one(backend), FAILED, lost=True)])
    assert ids(take(backend, 10)) == "a"
    assert take(backend, 10) == []


def test_a_dead_worker_holds_no_room(backend: Backend) -> None:
    limited(backend, "ab", "1:api", on_lost="fail")
    assert ids(take(backend)) == "a"
    backend.reap(["w1"])
    assert status(backend, "a") is FAILED
    assert ids(take(backend, 10, by="w2")) == "b"


def test_a_queue_that_is_removed_holds_no_room(backend: Backend) -> None:
    limited(backend, "a", "1:api", queue="other")
    limited(backend, "b", "1:api")
    assert ids(take(backend, queues=["other"])) == "a"
    backend.drop_all("other")
    assert ids(take(backend)) == "b"


def test_room_wakes_whoever_looks_for_work(backend: Backend) -> None:
    """Also when the task that ended leaves nothing else to do."""
    limited(backend, "ab", "1:api")
    first = take_one(backend)
    listener = backend.listen(["work"])
    while listener.wait(0.05):  # what came before
        pass
    backend.settle([success(first)])
    assert listener.wait(15)
    listener.close()


# -- what may happen to one that waits ----------------------------------------------------------


def test_it_can_be_canceled(backend: Backend) -> None:
    limited(backend, "ab", "1:api")
    take(backend)
    backend.cancel(["b"], "me")
    assert status(backend, "b") is CANCELED


def test_it_expires(backend: Backend, clock: Clock) -> None:
    limited(backend, "ab", "1:api", expires=clock.time + 5)
    take(backend)
    clock.advance(6)
    backend.reap()
    assert (status(backend, "a"), status(backend, "b")) == (RUNNING, FAILED)


def test_it_can_be_held_and_let_go_on(backend: Backend) -> None:
    limited(backend, "ab", "1:api", session="s")
    first = take_one(backend)
    assert backend.hold("all") == 1
    assert status(backend, "b") is BLOCKED
    backend.settle([success(first)])
    assert take(backend, 10) == []
    backend.unhold("all")
    assert ids(take(backend, 10)) == "b"


def test_a_lost_one_is_claimed_alone_within_its_limit(backend: Backend) -> None:
    limited(backend, "abc", "2:api")
    take(backend, 2)
    backend.reap(["w1"])
    assert ids(take(backend, 10, by="w2")) == "a"
    assert ids(take(backend, 10, by="w2")) == "b"
    assert take(backend, 10, by="w2") == []


# -- by name ------------------------------------------------------------------------------------


def test_a_task_asked_for_by_name_does_not_overrun_its_limit(backend: Backend) -> None:
    limited(backend, "ab", "1:api")
    first = take_one(backend)
    with pytest.raises(TaskRunning, match=r"1 may run at once .*'api'"):
        backend.claim_task("w2", "b")
    backend.settle([success(first)])
    backend.claim_task("w2", "b")
    assert status(backend, "b") is RUNNING


def test_nor_does_one_that_is_pushed_to_run_at_once(backend: Backend) -> None:
    """Then nothing is stored."""
    limited(backend, "a", "1:api")
    take(backend)
    with pytest.raises(TaskRunning, match="api"):
        backend.put([call("b", limit="1:api")], claimed_by="w2")
    assert backend.get(["b"]) == [None]
    with pytest.raises(TaskRunning, match="disk"):
        backend.put([call("c", limit="1:disk"), call("d", limit="1:disk")], claimed_by="w2")
    assert backend.put([call("e", limit="1:disk")], claimed_by="w2")[0].status is RUNNING


# -- bounds -------------------------------------------------------------------------------------


def test_the_limits_of_a_queue_count_as_lanes(backend: Backend) -> None:
    """A claim looks at each of them, so they are bounded; those that are there go on."""
    backend.put([call(f"t{n}", limit=f"1:host {n}") for n in range(MAX_LANES)])
    with pytest.raises(GatorError, match=r"lane"):
        push(backend, "more", limit="1:one more")
    assert push(backend, "known", limit="1:host 0").status is WAITING
    assert len(take(backend, 100)) == MAX_LANES


def test_a_name_may_hold_any_characters(backend: Backend) -> None:
    limited(backend, "ab", "1:a:b\n/ü '\"")
    assert ids(take(backend, 10)) == "a"
    backend.settle([success(record(backend, "a"))])
    assert status(backend, "a") is SUCCESS
    assert ids(take(backend, 10)) == "b"


def test_a_presence_that_never_was_holds_no_room_after_a_reap(backend: Backend) -> None:
    backend.register(worker("gone"))
    limited(backend, "ab", "1:api", on_lost="fail")
    take(backend, by="gone")
    backend.unregister("gone")
    backend.reap()
    assert ids(take(backend, 10)) == "b"
