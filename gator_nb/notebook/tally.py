"""What became of several tasks: counts as a bar and in words, and their errors."""

from collections import Counter
from collections.abc import Sequence
from html import escape

from ..payload import one_line
from ..states import Status
from ..tasks.task import Task
from .looks import BAD, ERROR_LIMIT, LOOKS, QUIET
from .shapes import bar


def counts(tasks: Sequence[Task]) -> dict[Status, int]:
    found = Counter(task.handle.record.status for task in tasks)
    return {status: found[status] for status in Status if found[status]}


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


def errors(tasks: Sequence[Task]) -> str:
    """The different errors of a group, the commonest first."""
    found = Counter(
        one_line(one.error or "", ERROR_LIMIT)
        for one in (task.handle.record for task in tasks)
        if one.status is Status.FAILED
    )
    lines = [
        f'<div style="color:{BAD};overflow-wrap:anywhere">{number} × {escape(error)}</div>'
        for error, number in found.most_common(3)
    ]
    more = len(found) - len(lines)
    if more > 0:
        lines.append(f'<div style="color:{QUIET}">and {more} other errors</div>')
    return "".join(lines)
