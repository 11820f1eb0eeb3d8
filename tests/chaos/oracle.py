"""The judge: what the ledgers say against what the store says."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from gator_nb.backends.base import Backend
from gator_nb.record import Reason, Record
from gator_nb.states import CANCELED, FAILED, SUCCESS, TERMINAL


class Line(NamedTuple):
    word: str
    task_id: str
    claim: str
    at: float


@dataclass
class Verdict:
    """What a round has shown. `faults` is empty, or the project has a bug."""

    tasks: int = 0
    acknowledged: int = 0
    lost: int = 0
    settled_twice: int = 0
    unconfirmed: int = 0
    run_again: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    cancels: list[float] = field(default_factory=list)
    """Seconds from an acknowledged cancel to its end."""
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    """Seconds from a death to the next begin of what it had been running, by kind of death."""
    faults: list[str] = field(default_factory=list)


class Follower:
    """Follows the changes of a store, and notes what must never happen between two of them."""

    def __init__(self) -> None:
        self._ended: dict[str, Record] = {}
        self._cursor: int | None = None
        self.faults: list[str] = []

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

    def start_again(self) -> None:
        """The store has gone back to an older state, as it had said it might."""
        self._ended.clear()
        self._cursor = None


def _end_of(record: Record) -> tuple[object, ...]:
    return record.status, record.settled, record.finished, record.reason, record.attempts


def judge(backend: Backend, folder: Path, follower: Follower, *, may_lose: bool) -> Verdict:
    """Hold a store that has come to rest to the invariants.

    Args:
        may_lose: the store has said that it keeps nothing when its server is killed.
    """
    lines = read(folder / "ledger")
    promised = [line.split() for line in (folder / "acknowledged").read_text().splitlines()]
    records = everything(backend)
    verdict = Verdict(tasks=len(records))
    pushed = {task_id for word, task_id, _ in promised if word == "push"}
    gone = pushed - records.keys()
    verdict.acknowledged, verdict.lost = len(pushed), len(gone)
    if gone and not may_lose:
        verdict.faults.append(f"lost: {sorted(gone)[:5]} ({len(gone)} of {len(pushed)})")
    verdict.faults += [f"verify: {one}" for one in backend.verify()]
    verdict.faults += follower.faults
    verdict.settled_twice = len(follower.faults)
    for record in records.values():
        follower.note(record)
        word = str(record.status)
        verdict.ended[word] = verdict.ended.get(word, 0) + 1
        runs = lines.get(record.id, [])
        verdict.run_again += max(0, len({line.claim for line in runs}) - 1)
        verdict.unconfirmed += record.reason == Reason.UNCONFIRMED
        verdict.faults += _faults_of(backend, record, runs, may_lose=may_lose)
    for word, task_id, at in promised:
        record = records.get(task_id)
        if word == "cancel" and record is not None and record.status is CANCELED:
            verdict.cancels.append(max(0.0, (record.finished or 0.0) - float(at)))
    return verdict


def _faults_of(
    backend: Backend, record: Record, runs: list[Line], *, may_lose: bool
) -> Iterable[str]:
    if record.status not in TERMINAL:
        yield f"{record.id} never ended: {record}"
        return
    ended = {line.claim for line in runs if line.word == "end"}
    if record.status is SUCCESS:
        if record.settled not in ended and not may_lose:
            yield f"{record.id} succeeded by a claim that never ran to its end: {record}"
        if backend.outcome(record.id) is None:
            yield f"{record.id} succeeded without an outcome"
    elif record.status is FAILED and record.reason != Reason.LOST:
        yield f"{record.id} failed, and nothing in it fails: {record.error}"
    elif record.status is CANCELED and record.reason != Reason.UNCONFIRMED and not may_lose:
        late = [line for line in runs if line.at > (record.finished or 0.0)]
        if late:
            yield f"{record.id} ran on after its cancel had settled: {late} {record}"


def read(path: Path) -> dict[str, list[Line]]:
    """The lines of a ledger by task."""
    found: dict[str, list[Line]] = defaultdict(list)
    for text in path.read_text().splitlines():
        word, task_id, claim, at = text.split()
        found[task_id].append(Line(word, task_id, claim, float(at)))
    return found


def everything(backend: Backend) -> dict[str, Record]:
    """Every record, page by page."""
    found: dict[str, Record] = {}
    after: int | None = None
    while True:
        page = backend.page(limit=1000, after=after)
        found |= {record.id: record for record in page.records}
        after = page.next
        if after is None:
            return found
