"""`register`, `unregister`, `presences`: who is there."""

from gator_nb.backends.base import Backend, Presence
from gator_nb.constants import NAMES_KEPT

from .specimens import worker
from .stores import Clock


def test_a_presence_is_kept_as_registered(backend: Backend, clock: Clock) -> None:
    """`renewed` becomes now."""
    full = Presence(
        id="p", kind="session", name="lab", host="h", boot="b", lock="/l", pid=7, python="3.11",
        kernel=True, lease=15.0, started=5.0, queues=("*",), lanes=("x", "y"), slots=4,
    )  # fmt: skip
    backend.register(full)
    assert backend.presences()[-1] == full._replace(renewed=clock.time)


def test_registering_again_replaces(backend: Backend) -> None:
    backend.register(worker("w2", name="new"))
    assert sorted(one.id for one in backend.presences()) == ["w1", "w2"]
    assert {one.name for one in backend.presences()} == {"", "new"}


def test_the_oldest_comes_first(backend: Backend) -> None:
    backend.register(worker("another"))
    assert [one.id for one in backend.presences()] == ["w1", "w2", "another"]


def test_unregistering_forgets(backend: Backend) -> None:
    backend.unregister("w1")
    backend.unregister("w1")
    backend.unregister("nobody")
    assert [one.id for one in backend.presences()] == ["w2"]


def test_what_a_worker_has_and_that_it_ends(backend: Backend) -> None:
    backend.register(worker("w3", has="gpu=2,memory=64000000000", draining=True))
    seen = backend.presences()[-1]
    assert (seen.has, seen.draining) == ("gpu=2,memory=64000000000", True)


def test_names_outlast_who_left(backend: Backend) -> None:
    """What it ran is still shown beside its name."""
    backend.register(worker("w2", name="lab 2"))
    backend.register(worker("w3", name="lab 3"))
    backend.unregister("w3")
    backend.unregister("w1")  # it has no name
    backend.reap()
    assert backend.worker_names() == {"w2": "lab 2", "w3": "lab 3"}
    backend.register(worker("w3", name="lab 3, again"))
    assert backend.worker_names() == {"w2": "lab 2", "w3": "lab 3, again"}


def test_names_of_those_that_left_last(backend: Backend, clock: Clock) -> None:
    """There is a limit to how many are kept, so that a store does not grow with its workers."""
    several = [f"short-lived {n}" for n in range(NAMES_KEPT + 2)]
    for name in several:
        clock.time += 1
        backend.register(worker(name, name=name))
        backend.unregister(name)
    assert list(backend.worker_names()) == several[2:]
