"""Every (status, event) pair of the table of `states`, by the real verbs."""

from collections.abc import Callable

import pytest

from gator_nb.backends.base import Backend
from gator_nb.states import (
    BLOCKED,
    CANCELED,
    DELAYED,
    FAILED,
    RETRYING,
    RUNNING,
    SUCCESS,
    TRANSITIONS,
    WAITING,
    Event,
    Status,
)

from .specimens import call, end, failure, push, record, retry, success, take
from .stores import Clock

DUE, EXPIRES = 100.0, 200.0


class Scene:
    """A task called "it", something that it may depend on, and who acts on them."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        self.backend = backend
        self.clock = clock
        self.start = clock.time
        self.claim = "0" * 32

    def push(self, **fields: object) -> None:
        push(self.backend, "it", session="s", expires=self.start + EXPIRES, retries=1, **fields)

    def run(self) -> None:
        self.push()
        self.claim_it()

    def claim_it(self) -> None:
        """A worker takes whatever it can get."""
        for claimed in take(self.backend, 10):
            if claimed.record.id == "it":
                self.claim = claimed.record.claim or ""

    def settle(self, status: Status) -> None:
        held = record(self.backend, "it")._replace(claim=self.claim)
        self.backend.settle([end(held, status, reason=None)])

    def end_dependency(self, how: Callable) -> None:
        for found in self.backend.page().records:
            if found.id == "other":
                claimed = self.backend.claim_task("w2", "other")
                self.backend.settle([how(claimed.record)])  # type: ignore[union-attr]

    def wait_behind(self) -> None:
        push(self.backend, "other", lane="elsewhere")
        self.push(depends_on=("other",))

    def wait_for_retry(self) -> None:
        self.run()
        held = record(self.backend, "it")
        self.backend.settle([retry(held, due=self.start + DUE)])

    def pass_time(self, seconds: float) -> None:
        """Workers live on and ask for nothing; a reap notices the time."""
        self.clock.advance(seconds)
        self.backend.renew("w1", [])
        self.backend.reap()


ARRANGE: dict[Status, list[Callable[[Scene], None]]] = {
    WAITING: [Scene.push],
    DELAYED: [lambda scene: scene.push(due=scene.start + DUE)],
    RETRYING: [Scene.wait_for_retry],
    BLOCKED: [Scene.wait_behind, lambda scene: scene.push(held=True)],
    RUNNING: [Scene.run],
    SUCCESS: [lambda scene: (scene.run(), scene.settle(SUCCESS))],
    FAILED: [lambda scene: (scene.run(), scene.settle(FAILED))],
    CANCELED: [lambda scene: (scene.push(), scene.backend.cancel(["it"], "me"))],
}
"""How a task gets into each status."""

ACT: dict[Event, Callable[[Scene], object]] = {
    Event.PUSH: Scene.push,
    Event.UNBLOCK: lambda scene: scene.end_dependency(success),
    Event.DEPENDENCY_FAILED: lambda scene: scene.end_dependency(failure),
    Event.DUE: lambda scene: scene.pass_time(DUE),
    Event.HOLD: lambda scene: scene.backend.hold("all"),
    Event.UNHOLD: lambda scene: scene.backend.unhold("all"),
    Event.CLAIM: Scene.claim_it,
    Event.SUCCEED: lambda scene: scene.settle(SUCCESS),
    Event.FAIL: lambda scene: scene.settle(FAILED),
    Event.RETRY: lambda scene: scene.settle(RETRYING),
    Event.STOP: lambda scene: scene.settle(CANCELED),
    Event.RELEASE: lambda scene: scene.backend.release([("it", scene.claim)]),
    Event.LOSE: lambda scene: scene.backend.reap(["w1"]),
    Event.CANCEL: lambda scene: scene.backend.cancel(["it"], "me"),
    Event.EXPIRE: lambda scene: scene.pass_time(EXPIRES),
}
"""The verb that makes each event happen."""

STAYS: set[tuple[Status, int, Event]] = {
    (BLOCKED, 0, Event.UNHOLD),
    (BLOCKED, 1, Event.UNBLOCK),
    (BLOCKED, 1, Event.DEPENDENCY_FAILED),
}
"""Arrangements for which the event does not happen: not held, or without a dependency."""

CASES = [
    pytest.param(status, way, event, id=f"{status}{way or ''}-{event.name.lower()}")
    for status in Status
    for way in range(len(ARRANGE[status]))
    for event in Event
]


@pytest.mark.parametrize(("status", "way", "event"), CASES)
def test_an_event_leads_where_the_table_says(
    backend: Backend, clock: Clock, status: Status, way: int, event: Event
) -> None:
    """A pair that is not in the table changes nothing, save that a blocked task can be held."""
    scene = Scene(backend, clock)
    ARRANGE[status][way](scene)
    before = record(backend, "it")
    assert before.status is status
    ACT[event](scene)
    after = record(backend, "it")
    allowed = TRANSITIONS.get((status, event))
    if (status, event) == (BLOCKED, Event.HOLD):
        assert (after.status, after.held) == (BLOCKED, True)
    elif allowed is None or (status, way, event) in STAYS:
        assert after == before
    else:
        assert after.status in allowed


@pytest.mark.parametrize(
    ("arrange", "event", "becomes"),
    [
        (lambda scene: scene.run(), Event.RELEASE, CANCELED),
        (lambda scene: scene.run(), Event.RETRY, CANCELED),
        (lambda scene: scene.run(), Event.LOSE, CANCELED),
        (lambda scene: scene.run(), Event.SUCCEED, SUCCESS),
    ],
)
def test_what_was_asked_to_stop_goes_its_own_way(
    backend: Backend,
    clock: Clock,
    arrange: Callable[[Scene], None],
    event: Event,
    becomes: Status,
) -> None:
    scene = Scene(backend, clock)
    arrange(scene)
    backend.cancel(["it"], "me")
    ACT[event](scene)
    assert record(backend, "it").status is becomes
    assert becomes in TRANSITIONS[RUNNING, event]


def test_a_push_starts_in_every_status_that_the_table_names(backend: Backend, clock: Clock) -> None:
    pushes = [call("a"), call("b", due=clock.time + DUE), call("c", depends_on=("a",))]
    assert {one.status for one in backend.put(pushes)} == TRANSITIONS[None, Event.PUSH]
