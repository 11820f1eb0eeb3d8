"""What a task and a group look like in a cell: static HTML, and one honest line of text."""

import datetime as dt
from collections.abc import Sequence
from html import escape

from ..client.workforce import why_nobody_begins
from ..pages import page_of
from ..payload import one_line
from ..states import Status
from ..tasks.group import Group
from ..tasks.task import Task
from . import ended, running, standing, tally
from .looks import (
    CODE,
    ERROR_LIMIT,
    LOOKS,
    NAME_LIMIT,
    QUIET,
    WARN,
    bold,
    fold,
    framed,
    head,
    link,
)
from .outlook import outlook_row
from .tally import Tally

_PATIENT = 3.0
"""Seconds before a card asks why nobody begins: a worker of this notebook may be starting."""


def task_text(task: Task) -> str:
    """The task in one line."""
    parts = [f"{standing.word(task)}: {standing.name(task)} ({task.task_id[:8]})"]
    parts += filter(None, [standing.step(task)])
    if task.status is Status.RUNNING and task.progress is not None:
        parts.append(str(task.progress))
    parts += filter(None, [standing.time(task), standing.reused(task), standing.retry_of(task)])
    if task.error:
        parts.append(one_line(task.error, ERROR_LIMIT))
    parts += filter(None, [_why_nobody_begins([task])])
    return " · ".join(parts)


def task_html(task: Task) -> str:
    """The task as a card that needs neither a kernel nor a script."""
    rows = [task_rows(task), ended.images(task), fold("log", log_of(task)), _seen(task)]
    return framed("".join(rows), f"Task {standing.name(task)}: {standing.word(task)}")


def task_rows(task: Task, *, live: bool = False) -> str:
    """What changes of a card while its task goes on.

    Args:
        live: a button lies in its corner, and others take the place of a command.
    """
    rows = [_task_head(task, live), _told_row(standing.step(task)), outlook_row(task)]
    rows += [_unserved_row([task])]
    rows += [running.progress_row(task), ended.result_row(task), ended.error_row(task)]
    rows += [ended.again_row(task, live=live)] if task.done() else []
    rows += [ended.traceback_row(task)]
    return "".join(rows)


def log_of(task: Task) -> str:
    return task.logs() if task.status not in (Status.WAITING, Status.DELAYED) else ""


def tally_of(group: Group) -> Tally:
    """What its handles know: to ask the store for ten thousand tasks takes most of a second."""
    return Tally(task.handle.record for task in group)


def group_text(group: Group, known: Tally) -> str:
    """The group in one line."""
    told = ", ".join(f"{number} {status}" for status, number in known.counts.items())
    return f"{len(group)} tasks: {told or 'none'}"


def group_html(group: Group, known: Tally) -> str:
    """The group as one card: a bar of what became of its tasks, and what went wrong."""
    seen = "" if known.ended == known.total else _seen(*group)
    return framed(group_rows(group, known) + seen, f"{len(group)} tasks")


def group_rows(group: Group, known: Tally, *, live: bool = False) -> str:
    """What changes of it."""
    button = live and known.ended < known.total
    page = _page_link(group[0], "") if live else ""
    first = head(bold(known.names) + page, f"{known.ended} of {known.total} ended", button)
    drawn = f"{tally.stack(known.counts, known.total)}{tally.legend(known.counts)}"
    return f"{first}{drawn}{tally.errors(known.errors)}{_group_waits_row(group, known)}"


def queue_html(name: str, where: str, counts: dict[Status, int], told: Sequence[str]) -> str:
    """A queue as a card: its name, the store it is in, a bar of what it holds, and notes."""
    first = head(bold(one_line(name, NAME_LIMIT)), escape(one_line(where, 200)), live=False)
    notes = "".join(
        f'<div style="color:{QUIET};overflow-wrap:anywhere">{escape(one_line(one, 600))}</div>'
        for one in told
    )
    total = sum(counts.values())
    drawn = f"{tally.stack(counts, total)}{tally.legend(counts)}" if total else ""
    return framed(f"{first}{drawn}{notes}", f"Queue {one_line(name, NAME_LIMIT)}")


def _task_head(task: Task, live: bool) -> str:
    look = LOOKS[Status(task.status)]
    word = (
        f'<span style="color:{look.colour};font-weight:600;white-space:nowrap">'
        f'<span aria-hidden="true">{look.icon}</span> {standing.word(task)}</span>'
    )
    short = f'<span style="color:{QUIET};{CODE}">{escape(task.task_id[:8])}</span>'
    told = [standing.retry_of(task), standing.reused(task), standing.time(task)]
    button = live and not task.handle.record.done
    left = word + bold(standing.name(task)) + short
    left += _page_link(task, f"?task={task.task_id}") if live else ""
    return head(left, " · ".join(filter(None, told)), button)


def _page_link(task: Task, where: str) -> str:
    """The way to it on the dashboard, where this kernel serves one. It is on no card that is saved:
    the address is nobody else's business, and does not outlive the kernel."""
    page = page_of(task.handle.client.backend.address)
    return link(f"{page}{where}", "dashboard") if page else ""


def _seen(*tasks: Task) -> str:
    """When that was, where it may have changed since: a notebook that was saved is read later."""
    if all(task.handle.record.done for task in tasks):
        return ""
    at = dt.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    more = ""
    if len(tasks) == 1:
        more = f'; <code style="{CODE}">%gator show {tasks[0].task_id[:8]}</code> tells more'
    return f'<div style="color:{QUIET};font-size:12px">as seen at {at}{more}</div>'


def _unserved_row(tasks: Sequence[Task]) -> str:
    return _told_row(_why_nobody_begins(tasks))


def _group_waits_row(group: Group, known: Tally) -> str:
    """What a person has to do; nothing while some of them go on, or did so just now."""
    if known.counts.get(Status.RUNNING) or known.ended == known.total:
        return ""
    held = f"{known.held} held since an earlier kernel: {standing.HELD_MEND}" if known.held else ""
    now = group[0].handle.client.backend.now()
    unserved = "" if now - known.last_end < _PATIENT else _why_nobody_begins(list(group))
    return f"{_told_row(held)}{_told_row(unserved)}"


def _told_row(text: str) -> str:
    """What a person may want to do something about."""
    if not text:
        return ""
    return f'<div style="color:{WARN};overflow-wrap:anywhere">{escape(one_line(text, 600))}</div>'


def _why_nobody_begins(tasks: Sequence[Task]) -> str:
    """Why nothing of it goes on and what would help; nothing while something does."""
    records = [task.handle.record for task in tasks]
    waiting = [one for one in records if one.status in (Status.WAITING, Status.BLOCKED)]
    if not waiting or any(one.status is Status.RUNNING for one in records):
        return ""
    backend = tasks[0].handle.client.backend
    if backend.now() - max(one.created for one in waiting) < _PATIENT:
        return ""
    return why_nobody_begins(backend, [one.id for one in waiting if not one.held]) or ""
