"""Who is measured on a store: gator_nb, the bare chain of its parts, and other queues.

Each is given the same work, `x + 5`, and serves it from one process with one slot. Results are
stored, and fetched. Who takes no closures is given a function that it knows: that is the quicker
way, and no handicap.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple, Protocol


class _Entry(NamedTuple):
    package: str = ""
    """Without it this one cannot be measured."""
    full: bool = True
    """Only in the full field."""
    note: str = ""


_TAKES_NONE = "takes no closure: it was given a registered function"
_NO_STORE = "keeps results in memory, for as long as its processes live"
_ENTRIES = {
    "bare": _Entry(full=False),
    "gator_nb": _Entry(full=False),
    "huey": _Entry("huey", full=False, note=_TAKES_NONE),
    "taskiq": _Entry("taskiq_redis", note=_TAKES_NONE),
    "celery": _Entry("celery", note=_TAKES_NONE),
    "rq": _Entry("rq", note=_TAKES_NONE),
    "dask": _Entry("distributed", note=_NO_STORE),
    "ipyparallel": _Entry("ipyparallel", note=_NO_STORE),
    "loky": _Entry("loky", note=_NO_STORE),
}
ON_SQLITE = ("bare", "gator_nb", "huey")
WITHOUT_STORE = tuple(name for name, entry in _ENTRIES.items() if entry.note == _NO_STORE)


class Peer(Protocol):
    """One queue, on a database of its own. `push_many` is missing where there is no such verb."""

    drained: int
    """How many tasks make a drain of about a second."""

    def push(self, count: int) -> object:
        """Push so many tasks, one by one."""

    def call(self) -> object:
        """Push one task and wait for its result."""

    def gather(self, count: int) -> list[int]:
        """Push so many, the quickest way there is, and fetch all results."""

    def finished(self) -> int:
        """How many results there are."""

    def close(self) -> None:
        """Let go of the server."""


class Served(Peer, Protocol):
    """One whose worker is a process that the benchmark starts."""

    def serve(self, slots: int) -> None:
        """Run tasks in this process until it ends."""


class SelfServed(Peer, Protocol):
    """One that starts its worker by itself."""

    def worker(self) -> AbstractContextManager[int]:
        """A worker with one slot; answers its process id."""


class PeerClass(Protocol):
    def __call__(self, address: str) -> Peer: ...


def chosen(*, full: bool) -> list[str]:
    """Who is measured: those that the targets name, or everybody who is installed."""
    return [
        name
        for name, entry in _ENTRIES.items()
        if (full or not entry.full) and (not entry.package or find_spec(entry.package))
    ]


def notes(names: set[str]) -> Iterator[str]:
    """What is to be known about those who were measured, and who was not there."""
    for note in dict.fromkeys(entry.note for entry in _ENTRIES.values() if entry.note):
        told = [name for name, one in _ENTRIES.items() if one.note == note and name in names]
        if told:
            yield f"{', '.join(told)}: {note}"
    absent = [name for name in _ENTRIES if name not in chosen(full=True)]
    if absent:
        yield f"{', '.join(absent)}: not installed, and left out"


def peer_class(name: str, store: str) -> PeerClass:
    """How one of them is made, for a store of that scheme."""
    module = f"{name}_{store}" if name == "bare" else name
    found: PeerClass = import_module(f"{__name__}.{module}").Queue
    return found


def opened(name: str, address: str) -> Peer:
    """One of them, on its store."""
    return peer_class(name, address.partition(":")[0])(address)


def database_of(name: str) -> int:
    """The database of a server that is this one's own."""
    return [*_ENTRIES].index(name)
