"""Small worlds, in every order in which what happens there can happen."""

import os
from collections.abc import Callable

import pytest

from gator_nb.backends.base import Push
from gator_nb.record import Record
from gator_nb.states import FAILED, RETRYING, SUCCESS, Status

from .explorer import LEASE, Steps, World, explore
from .specimens import call

pytestmark = pytest.mark.slow


def works(name: str, *, ends: Status = SUCCESS, limit: int = 1) -> Callable[[World], Steps]:
    """A worker: it claims, tells that it has begun, settles, and settles again as after a reply
    that was lost."""

    def steps(world: World) -> Steps:
        yield
        claimed = world.claim(name, limit)
        yield
        for record in claimed:
            world.renew(name, record)
            yield
            world.settle(record, ends)
            yield
            world.settle(record, ends)
            yield

    steps.__name__ = name
    return steps


def canceler(world: World) -> Steps:
    yield
    world.cancel("a")
    yield


def killer(world: World) -> Steps:
    """w1 dies at some moment; later somebody finds its lock free."""
    yield
    world.dead.add("w1")
    yield
    world.backend.reap(["w1"])
    world.backend.unregister("w1")
    yield


def silence(world: World) -> Steps:
    """No lease was renewed for too long, though everybody lives."""
    yield
    world.clock.advance(LEASE)
    world.backend.reap()
    yield


def rollback(world: World) -> Steps:
    """The store goes back to an older state of its own."""
    world.save()
    yield
    world.save()
    yield
    world.roll_back()
    yield


WORLDS: dict[str, list[Push]] = {
    "one task": [call("a", on_lost="retry")],
    "a chain": [call("a", on_lost="retry"), call("b", depends_on=("a",), on_lost="retry")],
    "a limit": [call("a", limit="1:api", on_lost="retry"), call("b", limit="1:api")],
    "a batch": [call("a", on_lost="retry"), call("b", on_lost="retry")],
}
ACTORS = {
    "a death": [works("w1"), works("w2"), canceler, killer],
    "a silence": [works("w1"), works("w2"), canceler, silence],
    "an older state": [works("w1"), works("w2"), canceler, rollback],
    "a failure": [works("w1", ends=FAILED), works("w2"), canceler, silence],
    "a retry": [works("w1", ends=RETRYING), works("w2"), canceler, silence],
    "two at once": [works("w1", limit=2), works("w2"), killer],
}


EVERY = [(pushes, actors) for pushes in WORLDS for actors in ACTORS]
SHORT = [
    ("one task", "a death"), ("one task", "a silence"), ("one task", "an older state"),
    ("a chain", "a death"), ("a limit", "a death"), ("a batch", "two at once"),
]  # fmt: skip
CHOSEN = EVERY if os.environ.get("GATOR_NB_TEST_LONG") else SHORT


@pytest.mark.parametrize(("pushes", "actors"), CHOSEN)
def test_in_every_order_each_task_has_one_end(pushes: str, actors: str) -> None:
    """Two workers, somebody who cancels, and a reaper or a store that forgets: no order loses a
    task, ends one twice, begins one that was canceled, or tells a holder what is not so. All worlds
    are tried with `GATOR_NB_TEST_LONG`."""

    def world() -> World:
        return World(WORLDS[pushes], ["w1", "w2"])

    states, ends = explore(world, ACTORS[actors])
    print(f"{pushes}, {actors}: {states} states, {ends} ends")
    assert states > ends > 1


def test_the_search_finds_a_store_without_a_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it would miss, it would miss in the real one, too."""
    from gator_nb.backends.memory import backend, holding

    def without_a_fence(store: object, step: object, task_id: str, _claim: str) -> Record | None:
        record = step.at(task_id)  # type: ignore[attr-defined]
        return record if record is not None and not record.done else None

    monkeypatch.setattr(holding, "held", without_a_fence)
    monkeypatch.setattr(backend, "held", without_a_fence)
    with pytest.raises(AssertionError):
        explore(lambda: World(WORLDS["one task"], ["w1", "w2"]), ACTORS["a silence"])
