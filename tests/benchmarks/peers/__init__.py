"""Who is measured on Redis: gator_nb, the bare chain of its parts, and other queues.

Each pushes the same work, the closure `x + 5` or a registered function that does it where closures
are not taken, and serves it from one process with one slot.
"""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

_NAMES = {
    "bare": "",
    "gator_nb": "",
    "huey": "huey",
    "rq": "rq",
    "taskiq": "taskiq_redis",
    "celery": "celery",
}
"""And the package without which one cannot be measured."""


def add(x: int) -> int:
    """What those run who take no closures."""
    return x + 5


class Peer(Protocol):
    """One queue on the database of a server that is its own."""

    drained: int
    """How many tasks make a drain of about a second."""

    def push(self, count: int) -> object:
        """Push so many tasks, one by one."""

    def call(self) -> object:
        """Push one task and wait for its result."""

    def finished(self) -> int:
        """How many results there are."""

    def serve(self) -> None:
        """Run tasks in this process until it ends."""

    def close(self) -> None:
        """Let go of the server."""


class PeerClass(Protocol):
    def __call__(self, port: int, db: int) -> Peer: ...


def installed() -> list[str]:
    return [name for name, package in _NAMES.items() if not package or find_spec(package)]


def absent() -> Iterator[str]:
    present = installed()
    return (name for name in _NAMES if name not in present)


def peer_class(name: str) -> PeerClass:
    found: PeerClass = import_module(f"{__name__}.{name}").Queue
    return found


def database_of(name: str) -> int:
    """The database of the server that is this one's own."""
    return [*_NAMES].index(name)
