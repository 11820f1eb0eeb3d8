"""What the card of an open task tells: its place in line, why it waits, and what it survives."""

import time
import weakref
from html import escape
from typing import TYPE_CHECKING

from ..backends.base import Filter
from ..payload import one_line
from ..record import Record, limit_of
from ..states import Status
from ..tasks.task import Task
from .looks import NAME_LIMIT, QUIET

if TYPE_CHECKING:
    from ..client.client import Client

_LONGEST_LINE = 200
"""Tasks that are counted to know a place in line; a longer line is told by its length."""
_FRESH = 2.0
"""Seconds for which all cards share what was read of a line."""
_NAMED = 3
"""Tasks that are named of those that one waits for."""


def outlook_row(task: Task) -> str:
    record = task.handle.record
    if record.done:
        return ""
    why = _why(task, record) if record.unstarted else ""
    told = " · ".join(filter(None, [why, survives(task)]))
    return f'<div style="color:{QUIET};overflow-wrap:anywhere">{escape(one_line(told, 400))}</div>'


def survives(task: Task) -> str:
    """What a restart of this kernel does to it; "" once it has ended."""
    record, client = task.handle.record, task.handle.client
    if record.done:
        return ""
    if not client.backend.persistent:
        return "survives a kernel restart: no, its store is this kernel's memory"
    if record.status is Status.RUNNING and _in_a_kernel(client, record.worker or ""):
        return "survives a kernel restart: no, it runs in the kernel's threads"
    return "survives a kernel restart: yes" if record.unstarted else ""


def _why(task: Task, record: Record) -> str:
    if record.held:
        return "held since an earlier kernel: `%gator resume` lets it go on"
    if record.status is Status.BLOCKED:
        return f"waits for {_those_before(task, record)}"
    line = _Line.of(task.handle.client, record.queue)
    if line.paused:
        return "its queue is paused: `%gator resume` lets it go on"
    if record.status is not Status.WAITING:
        return ""
    return " · ".join(filter(None, [_limit(record), line.place(record)]))


def _limit(record: Record) -> str:
    if record.limit is None:
        return ""
    name, number = limit_of(record.limit)
    return f"at most {number} of {name!r} run at once"


def _those_before(task: Task, record: Record) -> str:
    found = task.handle.client.backend.get(record.depends_on)
    left = [one for one in found if one is not None and one.status is not Status.SUCCESS]
    named = [f"{one_line(one.label, NAME_LIMIT)} ({one.id[:8]})" for one in left[:_NAMED]]
    more = len(left) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


class _Line:
    """What waits in a queue, as read a moment ago."""

    def __init__(self, client: "Client", queue: str) -> None:
        backend, where = client.backend, Filter(status=frozenset({Status.WAITING}), queue=queue)
        self.read_at = time.monotonic()
        self.paused = queue in backend.paused()
        self._long = backend.counts().get(queue, {}).get(Status.WAITING, 0)
        short = self._long <= _LONGEST_LINE
        found = backend.page(where, limit=_LONGEST_LINE).records if short else []
        self._ranks = [one.rank for one in found]

    @classmethod
    def of(cls, client: "Client", queue: str) -> "_Line":
        known = _lines.setdefault(client, {})
        line = known.get(queue)
        if line is None or time.monotonic() - line.read_at > _FRESH:
            line = known[queue] = cls(client, queue)
        return line

    def place(self, record: Record) -> str:
        """Where that task stands in it."""
        if self._long > _LONGEST_LINE:
            return f"one of {self._long:,} that wait in this queue"
        before = sum(rank < record.rank for rank in self._ranks)
        return f"{before} before it in line" if before else "next in line"


def _in_a_kernel(client: "Client", worker: str) -> bool:
    """Whether that worker runs its tasks in threads of a notebook's kernel."""
    known = _kernels.setdefault(client, {})
    if worker not in known:
        found = {one.id: one.kernel for one in client.backend.presences()}
        known[worker] = found.get(worker, False)
    return known[worker]


_lines: "weakref.WeakKeyDictionary[Client, dict[str, _Line]]" = weakref.WeakKeyDictionary()
_kernels: "weakref.WeakKeyDictionary[Client, dict[str, bool]]" = weakref.WeakKeyDictionary()
