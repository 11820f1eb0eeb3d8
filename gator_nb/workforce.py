"""Who works on a store: the workers that live, and the waiting tasks that none of them runs."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from .backends.base import Backend, Filter, Presence
from .constants import EVERY, RENEW_EVERY
from .group import records
from .liveness import Life, probe
from .states import WAITING

_SILENT_AFTER = 3 * RENEW_EVERY
_LOOKED_AT = 20_000
"""Waiting tasks that are looked at to find what nobody runs: half a second's work at most."""


class Seen(NamedTuple):
    """A worker that lives as far as anybody can tell."""

    presence: Presence
    silent: bool
    """It has not been heard of for a while."""


class Lane(NamedTuple):
    """The requirements of a task, taken apart; see `record.lane_of`."""

    python: str
    key: str
    run_in: str
    needs: str


class Unserved(NamedTuple):
    """Waiting tasks that no living worker takes."""

    queue: str
    lane: Lane
    number: int
    missing: str
    """What the workers of that queue lack: "worker" where it has none, else "python", "key",
    "run_in" or "needs"."""


def workers(backend: Backend) -> list[Seen]:
    """The workers that live, oldest first: by their locks where these tell, else by their leases.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     workers(gator.backend)
    []
    """
    now = backend.now()
    return [
        Seen(one, now - one.renewed > _SILENT_AFTER)
        for one in backend.presences()
        if one.kind == "worker" and _lives(one, now)
    ]


def unserved(backend: Backend, there: Iterable[Seen]) -> tuple[list[Unserved], bool]:
    """The waiting tasks that none of these workers takes, by queue and lane; and whether all that
    wait were looked at, or only the newest."""
    waiting = records(backend, Filter(status=frozenset({WAITING})))
    lines = Counter((one.queue, one.lane) for one in islice(waiting, _LOOKED_AT))
    complete = next(waiting, None) is None
    presences = [one.presence for one in there]
    found = []
    for (queue, lane), number in lines.items():
        served = [lanes for one in presences if _serves(one, queue) for lanes in one.lanes]
        if lane not in served:
            wanted = lane_from(lane)
            found.append(Unserved(queue, wanted, number, _missing(wanted, served)))
    return found, complete


def lane_from(text: str) -> Lane:
    """A lane taken apart; what is not there is empty."""
    parts = text.split("/", 3)
    return Lane(*parts, *[""] * (4 - len(parts)))


def _missing(wanted: Lane, served: Sequence[str]) -> str:
    """The first requirement that no served lane fulfils together with those before it."""
    lanes = [lane_from(text) for text in served]
    if not lanes:
        return "worker"
    for name in Lane._fields:
        lanes = [lane for lane in lanes if getattr(lane, name) == getattr(wanted, name)]
        if not lanes:
            return name
    return "needs"


def _serves(worker: Presence, queue: str) -> bool:
    return EVERY in worker.queues or queue in worker.queues


def _lives(presence: Presence, now: float) -> bool:
    life = probe(presence.lock, presence.boot)
    if life is Life.UNKNOWN:
        return now - presence.renewed <= presence.lease
    return life is Life.ALIVE
