"""What can be derived from the records of a memory store: every line, counter and lookup.

The records are the truth. An index built anew from them must equal the one that was maintained,
which is how `verify` finds faults, and how a store mends itself after an interrupted change.
"""

from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush
from math import inf
from operator import attrgetter
from typing import Any, Generic, TypeVar

from ...record import Record, limit_of
from ...states import DELAYED, RETRYING, RUNNING, SUCCESS, TERMINAL, WAITING, Status

Key = TypeVar("Key", int, float)
Lane = tuple[str, str | None]
"""A lane, and the limit that its tasks have."""

_SLACK = 1024
"""Stale entries that a heap or the change log may carry before it is rebuilt."""


class Line(Generic[Key]):
    """Ids in the order of their keys. `keys` says what is in it; heap entries that it does not
    confirm are stale and dropped when they come up."""

    __slots__ = ("_heap", "keys", "live")

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.live = 0
        """For a lane: its tasks that have not ended."""
        self._heap: list[tuple[Key, str]] = []

    def add(self, task_id: str, key: Key) -> None:
        self.keys[task_id] = key
        heappush(self._heap, (key, task_id))
        if len(self._heap) > 2 * len(self.keys) + _SLACK:
            self._heap = [(key, task_id) for task_id, key in self.keys.items()]
            heapify(self._heap)

    def discard(self, task_id: str) -> None:
        self.keys.pop(task_id, None)

    def first(self) -> tuple[Key, str] | None:
        """The key and id at the head, which stays there."""
        heap, keys = self._heap, self.keys
        while heap:
            key, task_id = heap[0]
            if keys.get(task_id) == key:
                return heap[0]
            heappop(heap)
        return None


class Index:
    """Every index over `records`. `add`, `change` and `remove` are told after `records` was,
    and so is `note`."""

    def __init__(self, records: Mapping[str, Record]) -> None:
        self._records = records
        self.counts: dict[str, list[int]] = {}
        """By queue: how many tasks are in each status."""
        self.lines: dict[str, dict[Lane, Line[int]]] = {}
        """By queue, the one served longest ago first, then lane: what is ready, by rank."""
        self.at_once: dict[str, int] = {}
        """By the name of a limit: how many tasks that name it run."""
        self.due: Line[float] = Line()
        self.expiring: Line[float] = Line()
        self.waiters: dict[str, dict[str, None]] = {}
        """By task: those that wait for it to succeed."""
        self.held: dict[str, dict[str, None]] = {}
        """By worker: the tasks that it has claimed."""
        self.reusable: dict[tuple[str, str], dict[str, None]] = {}
        """By queue and call key: what neither failed nor was canceled, newest last."""
        self.origins: dict[str, int] = {}
        """By origin: how many tasks its envelope serves."""
        self._log: list[tuple[int, str]] = []
        """Changes in order; one whose record has a later version is stale."""
        for record in records.values():
            self.add(record)
        self.note(sorted(records.values(), key=attrgetter("version")))

    # -- what happens to a record ------------------------------------------------------------

    def add(self, record: Record) -> None:
        if record.queue not in self.counts:
            self.counts[record.queue] = [0] * len(Status)
        self.origins[record.origin] = self.origins.get(record.origin, 0) + 1
        if record.call_key is not None:
            self.reusable.setdefault((record.queue, record.call_key), {})[record.id] = None
        if not record.done:
            self._open_lane(record).live += 1
            for dependency in record.depends_on:
                there = self._records.get(dependency)
                if there is not None and there.status is not SUCCESS:
                    self.waiters.setdefault(dependency, {})[record.id] = None
        self._enter(record)
        if record.done:
            self._drop_key_if_failed(record)

    def change(self, old: Record, new: Record) -> None:
        if old.status is not new.status or old.due != new.due:
            self._leave(old)
            self._enter(new)
        if new.status in TERMINAL and old.status not in TERMINAL:
            self._end(old)
            self._drop_key_if_failed(new)

    def remove(self, record: Record) -> None:
        self._leave(record)
        if not record.done:
            self._end(record)
        self._drop_key(record)
        self.origins[record.origin] -= 1
        if not self.origins[record.origin]:
            del self.origins[record.origin]
        if not any(self.counts[record.queue]):
            del self.counts[record.queue]

    def note(self, records: Iterable[Record]) -> None:
        """Write down that these have changed, in the order of their versions."""
        for record in records:
            self._log.append((record.version, record.id))
        if len(self._log) > 2 * len(self._records) + _SLACK:
            self._log = list(self._noted_since(0))

    def _enter(self, record: Record) -> None:
        status = record.status
        self.counts[record.queue][status] += 1
        if status is WAITING:
            self.lines[record.queue][record.lane, record.limit].add(record.id, record.rank)
        elif status is RUNNING:
            self.held.setdefault(record.worker or "", {})[record.id] = None
            self._count_running(record, 1)
        elif (status is DELAYED or status is RETRYING) and record.due is not None:
            self.due.add(record.id, record.due)
        if record.expires is not None and record.unstarted:
            self.expiring.add(record.id, record.expires)

    def _leave(self, record: Record) -> None:
        status = record.status
        self.counts[record.queue][status] -= 1
        if status is WAITING:
            self.lines[record.queue][record.lane, record.limit].discard(record.id)
        elif status is RUNNING:
            _take_out(self.held, record.worker or "", record.id)
            self._count_running(record, -1)
        elif status is DELAYED or status is RETRYING:
            self.due.discard(record.id)
        if record.expires is not None:
            self.expiring.discard(record.id)

    def _count_running(self, record: Record, change: int) -> None:
        if record.limit is not None:
            name, _ = limit_of(record.limit)
            self.at_once[name] = self.at_once.get(name, 0) + change
            if not self.at_once[name]:
                del self.at_once[name]

    def _end(self, record: Record) -> None:
        lanes, lane = self.lines[record.queue], (record.lane, record.limit)
        lanes[lane].live -= 1
        if not lanes[lane].live:
            del lanes[lane]
            if not lanes:
                del self.lines[record.queue]
        self.waiters.pop(record.id, None)
        for dependency in record.depends_on:
            _take_out(self.waiters, dependency, record.id)

    def _open_lane(self, record: Record) -> Line[int]:
        lanes = self.lines.setdefault(record.queue, {})
        line = lanes.get((record.lane, record.limit))
        if line is None:
            line = lanes[record.lane, record.limit] = Line()
        return line

    def _drop_key_if_failed(self, record: Record) -> None:
        if record.status is not SUCCESS:
            self._drop_key(record)

    def _drop_key(self, record: Record) -> None:
        if record.call_key is not None:
            _take_out(self.reusable, (record.queue, record.call_key), record.id)

    # -- questions ---------------------------------------------------------------------------

    def ready(
        self, queues: Container[str] | None, lanes: Container[str], paused: Container[str]
    ) -> tuple[str, list[Line[int]]] | None:
        """The queue whose turn it is among those with ready tasks, and its lines in `lanes`."""
        for queue, lines in self.lines.items():
            if (queues is None or queue in queues) and queue not in paused:
                ready = [
                    line
                    for (lane, limit), line in lines.items()
                    if line.keys and lane in lanes and self.room(limit) > 0
                ]
                if ready:
                    return queue, ready
        return None

    def lanes(self, queues: Container[str] | None, paused: Container[str]) -> set[str]:
        """The lanes that have ready tasks."""
        return {
            lane
            for queue, lines in self.lines.items()
            if (queues is None or queue in queues) and queue not in paused
            for (lane, _), line in lines.items()
            if line.keys
        }

    def room(self, limit: str | None) -> float:
        """How many more tasks of a limit may run."""
        if limit is None:
            return inf
        name, most = limit_of(limit)
        return most - self.at_once.get(name, 0)

    def served(self, queue: str) -> None:
        """Put `queue` at the end of the round."""
        self.lines[queue] = self.lines.pop(queue)

    def newest_reusable(self, queue: str, call_key: str) -> str | None:
        return next(reversed(self.reusable.get((queue, call_key), {})), None)

    def changed_since(self, version: int) -> Iterator[Record]:
        """The records that changed after `version`, oldest change first."""
        return (self._records[task_id] for _, task_id in self._noted_since(version))

    def _noted_since(self, version: int) -> Iterator[tuple[int, str]]:
        log, records = self._log, self._records
        for position in range(bisect_left(log, (version + 1,)), len(log)):
            noted, task_id = log[position]
            record = records.get(task_id)
            if record is not None and record.version == noted:
                yield log[position]

    # -- checking ----------------------------------------------------------------------------

    def differences(self, sound: "Index") -> list[str]:
        """A sentence for each way in which this index is not like `sound`."""
        return [
            f"{what}: {key!r} is {mine.get(key)!r} by the index and {right.get(key)!r} "
            "by the records"
            for what, view in _VIEWS.items()
            for mine, right in [(view(self), view(sound))]
            for key in mine.keys() | right.keys()
            if mine.get(key) != right.get(key)
        ]


_VIEWS: dict[str, Callable[[Index], Mapping[Any, object]]] = {
    "counts": lambda index: index.counts,
    "ready": lambda index: {
        (queue, lane): (line.live, line.keys)
        for queue, lanes in index.lines.items()
        for lane, line in lanes.items()
    },
    "due": lambda index: index.due.keys,
    "expiring": lambda index: index.expiring.keys,
    "waiters": lambda index: index.waiters,
    "held by workers": lambda index: index.held,
    "reusable": lambda index: index.reusable,
    "origins": lambda index: index.origins,
    "running at once": lambda index: index.at_once,
    "change log": lambda index: {key: version for version, key in index._noted_since(0)},  # noqa: SLF001
}

Group = TypeVar("Group")


def _take_out(groups: dict[Group, dict[str, None]], key: Group, task_id: str) -> None:
    """Remove an id from a group, and the group with its last."""
    group = groups.get(key)
    if group is not None:
        group.pop(task_id, None)
        if not group:
            del groups[key]
