"""`register`, `unregister`, `presences`: who is there."""

from gator_nb.backends.base import Backend, Presence

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
