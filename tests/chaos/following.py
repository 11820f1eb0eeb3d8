"""Following a store while faults strike: no end changes, and how soon the dead are found."""

import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gator_nb.backends.base import Backend
from gator_nb.record import Record
from gator_nb.states import RUNNING, SUCCESS, TERMINAL

from .oracle import RECENT, Line

Spans = Iterable[tuple[float, float]]


@dataclass
class Death:
    """A worker or a child that was killed."""

    kind: str
    at: float
    held: dict[str, str]
    """The claims that it had, by task."""
    found: dict[str, float] = field(default_factory=dict)
    """When somebody saw that a task was not its any more."""

    def note(self, record: Record) -> None:
        claim = self.held.get(record.id)
        if claim is None or (record.status is RUNNING and record.claim == claim):
            return
        if record.status is SUCCESS and record.settled == claim:
            del self.held[record.id]  # it had ended in that moment
        else:
            self.found.setdefault(record.id, time.time())


class Follower:
    """Follows the changes of a store, and notes what must never happen between two of them."""

    def __init__(self) -> None:
        self._ended: dict[str, Record] = {}
        self._cursor: int | None = None
        self.deaths: list[Death] = []
        self.restarts: list[float] = []
        """When the server was there again."""
        self.faults: list[str] = []

    def watch(self, death: Death) -> None:
        """Note when what it held is found."""
        self.deaths.append(death)

    def look(self, backend: Backend) -> None:
        """Read what changed since the last look."""
        changes = backend.changes(self._cursor)
        self._cursor = changes.cursor
        for record in changes.records:
            self.note(record)

    def note(self, record: Record) -> None:
        before = self._ended.get(record.id)
        if before is not None and _end_of(before) != _end_of(record):
            self.faults.append(f"{record.id} changed after its end: {before} -> {record}")
        if record.status in TERMINAL:
            self._ended[record.id] = record
        for death in self.deaths:
            death.note(record)

    def rolled_back(self, to: float | None) -> None:
        """The store has gone back to an older state, as it had said it might: to one of that time,
        or to none at all."""
        ended = self._ended.items() if to is not None else ()
        self._ended = {
            task_id: record for task_id, record in ended if (record.finished or 0.0) < (to or 0.0)
        }
        self._cursor = None

    def rolled_back_by_a_lagging_disk(self) -> None:
        self.rolled_back(time.time() - RECENT)


def _end_of(record: Record) -> tuple[object, ...]:
    return record.status, record.settled, record.finished, record.reason, record.attempts


def recoveries(
    deaths: Iterable[Death], lines: Mapping[str, Sequence[Line]], away: Spans
) -> dict[str, list[float]]:
    """Seconds until each task of the dead was found, and until it was begun again, by what died;
    apart those for which the store was away meanwhile."""
    seconds: dict[str, list[float]] = {}
    for death in deaths:
        for task_id, claim in death.held.items():
            runs = lines.get(task_id, ())
            begun = any(line.claim == claim and line.word == "start" for line in runs)
            ended = any(line.claim == claim and line.word == "end" for line in runs)
            if not begun or ended:
                continue
            later = [line.at for line in runs if line.word == "start" and line.at > death.at]
            for what, moment in (
                ("found", death.found.get(task_id)),
                ("begun again", min(later, default=None)),
            ):
                if moment is not None:
                    met = any(begin < moment and end > death.at for begin, end in away)
                    where = ", the store away" if met else ""
                    name = f"{death.kind} killed{where}: {what} after"
                    seconds.setdefault(name, []).append(moment - death.at)
    return seconds


def goings_on(restarts: Iterable[float], lines: Mapping[str, Sequence[Line]]) -> list[float]:
    """Seconds from each time that the server was there again until the next task began."""
    begun = sorted(line.at for runs in lines.values() for line in runs if line.word == "start")
    return [begun[place] - at for at in restarts if (place := bisect_left(begun, at)) < len(begun)]
