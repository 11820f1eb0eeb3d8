"""The judge: what the ledgers say against what the store says."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gator_nb.backends.base import Backend
from gator_nb.record import Reason, Record
from gator_nb.states import CANCELED, FAILED, SUCCESS, TERMINAL

if TYPE_CHECKING:
    from .following import Follower


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
    given_up: int = 0
    """Of those lost: what the store had said it might lose."""
    fenced: int = 0
    """Results that workers dropped, as their claim had gone."""
    unconfirmed: int = 0
    run_again: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    cancels: list[float] = field(default_factory=list)
    """Seconds from an acknowledged cancel to its end."""
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    """Seconds from a death until what it had been running was found, and begun again."""
    faults: list[str] = field(default_factory=list)


class Forgiving(NamedTuple):
    """What a store has said that it may lose."""

    everything: bool = False
    """It keeps nothing when its server is killed."""
    recent: Sequence[float] = ()
    """Its server was killed then, which may take what came within `RECENT` before."""
    garbage: Collection[str] = ()
    """Tasks that nobody with a key has pushed."""

    def loses(self, at: float) -> bool:
        """Whether what was promised at that time may be gone."""
        return self.everything or any(death - RECENT <= at <= death for death in self.recent)


RECENT = 2.5
"""Seconds: a server that syncs each second goes on for two more while its disk lags."""
_HALF_A_DAY = 43_200.0


def judge(backend: Backend, folder: Path, follower: "Follower", forgiving: Forgiving) -> Verdict:
    """Hold a store that has come to rest to the invariants."""
    lines = read(folder / "ledger")
    promised = [line.split() for line in (folder / "acknowledged").read_text().splitlines()]
    records = everything(backend)
    verdict = Verdict(tasks=len(records))
    pushed = {task_id: float(at) for word, task_id, at in promised if word == "push"}
    gone = [task_id for task_id in pushed if task_id not in records]
    lost = [task_id for task_id in gone if not forgiving.loses(pushed[task_id])]
    verdict.acknowledged, verdict.lost = len(pushed), len(gone)
    verdict.given_up = len(gone) - len(lost)
    if lost:
        verdict.faults.append(f"lost: {sorted(lost)[:5]} ({len(lost)} of {len(pushed)})")
    for record in records.values():
        follower.note(record)
        word = str(record.status)
        verdict.ended[word] = verdict.ended.get(word, 0) + 1
        runs = lines.get(record.id, [])
        verdict.run_again += max(0, len({line.claim for line in runs}) - 1)
        verdict.unconfirmed += record.reason == Reason.UNCONFIRMED
        verdict.faults += _faults_of(backend, record, runs, forgiving)
    verdict.faults += [f"verify: {one}" for one in backend.verify()]
    verdict.faults += follower.faults
    verdict.settled_twice = len(follower.faults)
    for word, task_id, at in promised:
        record = records.get(task_id)
        if word == "cancel" and record is not None and record.status is CANCELED:
            took = max(0.0, (record.finished or 0.0) - float(at))
            if took < _HALF_A_DAY:  # else by a clock that was a day ahead
                verdict.cancels.append(took)
    return verdict


def _faults_of(
    backend: Backend, record: Record, runs: list[Line], forgiving: Forgiving
) -> Iterable[str]:
    if record.status not in TERMINAL:
        yield f"{record.id} never ended: {record}"
        return
    if record.id in forgiving.garbage:
        if runs or (record.status, record.reason) != (FAILED, Reason.UNTRUSTED):
            yield f"nobody signed it, and it did not fail for that: {record}"
        return
    ended = {line.claim for line in runs if line.word == "end"}
    over = record.finished or 0.0
    if record.status is SUCCESS:
        if record.settled not in ended and not forgiving.everything:
            yield f"{record.id} succeeded by a claim that never ran to its end: {record}"
        if backend.outcome(record.id) is None:
            yield f"{record.id} succeeded without an outcome"
    elif record.status is FAILED and record.reason != Reason.LOST:
        yield f"{record.id} failed, and nothing in it fails: {record.error}"
    elif record.reason != Reason.UNCONFIRMED and not forgiving.loses(over):
        late = [line for line in runs if line.at > over]
        if record.status is CANCELED and late:
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
