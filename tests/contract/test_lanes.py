"""`lanes`: where there is something to do, for workers that can do what few need."""

from gator_nb.backends.base import Backend

from .specimens import LANE, call, take, take_one

GPU = f"{LANE}gpu=1"


def test_lanes_with_waiting_tasks_are_told(backend: Backend) -> None:
    """Of the queues asked for; None is every one."""
    backend.put([call("a"), call("b", lane=GPU), call("c", queue="other", lane="third")])
    assert backend.lanes(["all"]) == {LANE, GPU}
    assert backend.lanes(["all", "other"]) == backend.lanes(None) == {LANE, GPU, "third"}
    assert backend.lanes(["unknown"]) == backend.lanes([]) == set()


def test_a_lane_is_told_while_something_in_it_waits(backend: Backend) -> None:
    """Not for what runs, is held or has ended."""
    backend.put([call("a"), call("b", lane=GPU, held=True)])
    take_one(backend)
    assert backend.lanes(None) == set()
    backend.unhold("all")
    assert backend.lanes(None) == {GPU}
    take(backend, lanes=(GPU,))
    assert backend.lanes(None) == set()


def test_what_a_limit_keeps_waiting_counts(backend: Backend) -> None:
    backend.put([call("a", limit="1:api"), call("b", limit="1:api")])
    take_one(backend)
    assert backend.lanes(None) == {LANE}


def test_a_paused_queue_has_none(backend: Backend) -> None:
    backend.put([call("a"), call("b", queue="other", lane=GPU)])
    backend.pause("all")
    assert backend.lanes(None) == {GPU}
    assert backend.lanes(["all"]) == set()
