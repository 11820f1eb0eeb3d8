"""What became of several tasks: counts as a bar and in words, and their errors."""

from collections import Counter
from collections.abc import Iterable
from html import escape

from ..payload import one_line
from ..record import Record
from ..states import TERMINAL, Status
from .looks import BAD, ERROR_LIMIT, LOOKS, NAME_LIMIT, QUIET
from .shapes import bar


class Tally:
    """The tasks of a group, counted once and then record by record: to count ten thousand anew at
    each change would take longer than to run them.

    Attributes:
        names: their labels, in one line.
        total: how many there are.
        canceling: how many of them run and have been asked to stop.
        held: how many a restart has held.
        errors: the errors of those that failed, and how often each.
        last_end: when the newest end was, in the store's time; 0.0 before the first.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        known = list(records)
        self.names = one_line(", ".join(dict.fromkeys(one.label for one in known)), NAME_LIMIT)
        self.total = len(known)
        self._times = Counter(one.id for one in known)
        self._counted = {one.id: one for one in known}
        self._by_status = [0] * len(Status)
        for one in known:
            self._by_status[one.status] += 1
        self.canceling = sum(one.canceling for one in known)
        self.held = sum(one.held for one in known)
        self.errors = Counter(_error(one) for one in known if one.status is Status.FAILED)
        self.last_end = max((one.finished or 0.0 for one in known), default=0.0)

    def see(self, record: Record) -> None:
        """Count that task as it stands now."""
        before, times = self._counted[record.id], self._times[record.id]
        if record.version == before.version:
            return
        self._counted[record.id] = record
        self._by_status[before.status] -= times
        self._by_status[record.status] += times
        self.canceling += times * (record.canceling - before.canceling)
        self.held += times * (record.held - before.held)
        self.last_end = max(self.last_end, record.finished or 0.0)
        if record.status is Status.FAILED and before.status is not Status.FAILED:
            self.errors[_error(record)] += times

    @property
    def counts(self) -> dict[Status, int]:
        """How many there are of each status, without those of which there is none."""
        return {status: self._by_status[status] for status in Status if self._by_status[status]}

    @property
    def ended(self) -> int:
        return sum(self._by_status[status] for status in TERMINAL)

    @property
    def failed(self) -> int:
        return self._by_status[Status.FAILED]


def _error(record: Record) -> str:
    return one_line(record.error or "", ERROR_LIMIT)


def stack(counts: dict[Status, int], total: int) -> str:
    order = (Status.SUCCESS, Status.FAILED, Status.CANCELED, Status.RUNNING)
    told = ", ".join(f"{number} {status}" for status, number in counts.items())
    return bar([(counts.get(s, 0) / max(total, 1), LOOKS[s].colour) for s in order], told)


def legend(counts: dict[Status, int]) -> str:
    return " ".join(
        f'<span style="white-space:nowrap;margin-right:10px">{_badge(status)} {number}</span>'
        for status, number in counts.items()
    )


def _badge(status: Status) -> str:
    look = LOOKS[status]
    return f'<span style="color:{look.colour};font-weight:600">{look.icon}</span> {status}'


def errors(found: "Counter[str]") -> str:
    """The different errors of a group, the commonest first."""
    lines = [
        f'<div style="color:{BAD};overflow-wrap:anywhere">{number} × {escape(error)}</div>'
        for error, number in found.most_common(3)
    ]
    more = len(found) - len(lines)
    if more > 0:
        lines.append(f'<div style="color:{QUIET}">and {more} other errors</div>')
    return "".join(lines)
