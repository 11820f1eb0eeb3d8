"""What a task and a group look like in a cell: static HTML, and one honest line of text.

The colours are JupyterLab's own variables, so a card follows the theme; each has a fallback for
places that have none. User text is escaped, and cleaned of what a browser could obey.
"""

import base64
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from ..client.workforce import why_nobody_begins
from ..durations import duration
from ..payload import edited_since, one_line
from ..record import Reason
from ..states import TERMINAL, Status
from ..tasks.group import Group
from ..tasks.handle import Progress
from ..tasks.task import Task
from .own_line import own_line
from .shapes import bar, curve

_NAME_LIMIT = 80
_ERROR_LIMIT = 300
_TEXT_LIMIT = 20_000
"""Characters of a log or traceback that a card shows; the rest is `task.logs()`."""


WIDTH = 720
"""The width of a card in pixels, where there is room."""
BUTTON = 84
"""The width of the button that lies in the upper right corner of a live card."""
_TAIL = 4
"""Lines of its log that a live card shows."""
_TAIL_LIMIT = 600
_FIRST_GUESS = 2.0
"""Seconds before which the time that is left is not guessed."""
_PATIENT = 3.0
"""Seconds before a card asks why nobody begins: a worker of this notebook may be starting."""
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")
_MOST_IMAGES = 4


class _Look(NamedTuple):
    icon: str
    colour: str


_INFO = "var(--jp-info-color1, #1976d2)"
_GOOD = "var(--jp-success-color1, #2e7d32)"
_BAD = "var(--jp-error-color1, #c62828)"
_WARN = "var(--jp-warn-color1, #b26a00)"
_QUIET = "var(--jp-ui-font-color2, #757575)"

_LOOKS = {
    Status.WAITING: _Look("◷", _QUIET),
    Status.DELAYED: _Look("◷", _QUIET),
    Status.RETRYING: _Look("↻", _WARN),
    Status.BLOCKED: _Look("‖", _QUIET),
    Status.RUNNING: _Look("▶", _INFO),
    Status.SUCCESS: _Look("✓", _GOOD),
    Status.FAILED: _Look("✕", _BAD),
    Status.CANCELED: _Look("⊘", _QUIET),
}

_FRAME = (
    "border:1px solid var(--jp-border-color2, #bdbdbd);border-radius:6px;padding:8px 12px;"
    f"margin:2px 0;max-width:{WIDTH}px;box-sizing:border-box;line-height:1.5;"
    "color:var(--jp-ui-font-color1, inherit);"
    "font-family:var(--jp-ui-font-family, system-ui, sans-serif);font-size:13px"
)
_CODE = "font-family:var(--jp-code-font-family, monospace);font-size:12px"
_MONO = (
    f"{_CODE};line-height:1.4;white-space:pre-wrap;"
    "overflow-wrap:anywhere;max-height:260px;overflow:auto;margin:4px 0 0;padding:6px 8px;"
    "background:var(--jp-layout-color2, rgba(128,128,128,.12));color:inherit;border-radius:4px"
)


def task_text(task: Task) -> str:
    """The task in one line."""
    parts = [f"{_word(task)}: {_name(task)} ({task.task_id[:8]})"]
    if task.status is Status.RUNNING and task.progress is not None:
        parts.append(str(task.progress))
    parts += filter(None, [_time(task), _reused(task)])
    if task.error:
        parts.append(one_line(task.error, _ERROR_LIMIT))
    parts += filter(None, [_why_nobody_begins([task])])
    return " · ".join(parts)


def task_html(task: Task, *, live: bool = False) -> str:
    """The task as a card that needs neither a kernel nor a script.

    Args:
        live: it will be drawn again and again, with a button in its corner. What is drawn again
            does not stay unfolded, so the end of the log is shown as it is.
    """
    rows = [_task_head(task, live), _unserved_row([task])]
    rows += [_progress_row(task), _result_row(task), _error_row(task)]
    rows += [_again_row(task)] if task.done() else []
    rows += [_tail(task)] if live else [_images(task), _fold("log", _log(task))]
    rows += [_fold("traceback", task.traceback or "")]
    return f'<div style="{_FRAME}">{"".join(rows)}</div>'


def group_text(group: Group) -> str:
    """The group in one line, as its handles know it."""
    counts = _counts(list(group))
    told = ", ".join(f"{number} {status}" for status, number in counts.items())
    return f"{len(group)} tasks: {told or 'none'}"


def group_html(group: Group, *, live: bool = False) -> str:
    """The group as one card: a bar of what became of its tasks, and what went wrong. It tells what
    the handles know: to ask the store for ten thousand tasks takes most of a second."""
    tasks = list(group)
    counts = _counts(tasks)
    names = ", ".join(dict.fromkeys(task.handle.record.label for task in tasks))
    done = sum(counts.get(status, 0) for status in TERMINAL)
    head = _head(_bold(one_line(names, _NAME_LIMIT)), f"{done} of {len(tasks)} ended", live)
    rest = f"{_errors(tasks)}{_unserved_row(tasks)}"
    return f'<div style="{_FRAME}">{head}{_stack(counts, len(tasks))}{_legend(counts)}{rest}</div>'


def queue_html(name: str, where: str, counts: dict[Status, int], told: Sequence[str]) -> str:
    """A queue as a card: its name, the store it is in, a bar of what it holds, and notes."""
    head = _head(_bold(one_line(name, _NAME_LIMIT)), escape(one_line(where, 200)), live=False)
    notes = "".join(
        f'<div style="color:{_QUIET};overflow-wrap:anywhere">{escape(one_line(one, 600))}</div>'
        for one in told
    )
    total = sum(counts.values())
    drawn = f"{_stack(counts, total)}{_legend(counts)}" if total else ""
    return f'<div style="{_FRAME}">{head}{drawn}{notes}</div>'


# -- the rows of a card ----------------------------------------------------------------------


def _head(left: str, right: str, live: bool) -> str:
    room = f"padding-right:{BUTTON + 8}px;" if live else ""
    return (
        f'<div style="display:flex;gap:8px;align-items:baseline;flex-wrap:wrap;{room}">{left}'
        f'<span style="color:{_QUIET};margin-left:auto;white-space:nowrap">{right}</span></div>'
    )


def _task_head(task: Task, live: bool) -> str:
    look = _LOOKS[Status(task.status)]
    word = (
        f'<span style="color:{look.colour};font-weight:600;white-space:nowrap">'
        f'<span aria-hidden="true">{look.icon}</span> {_word(task)}</span>'
    )
    short = f'<span style="color:{_QUIET};{_CODE}">{escape(task.task_id[:8])}</span>'
    told = " · ".join(filter(None, [_reused(task), _time(task)]))
    return _head(word + _bold(_name(task)) + short, told, live)


def _bold(text: str) -> str:
    return f'<b style="overflow-wrap:anywhere">{escape(text)}</b>'


def _time(task: Task) -> str:
    """How long it has run; before it has, when it may start."""
    record = task.handle.record
    if record.status in (Status.DELAYED, Status.RETRYING) and record.due is not None:
        rest = record.due - task.handle.client.backend.now()
        return f"starts in {duration(rest)}" if rest > 0 else ""
    return "" if record.started is None else duration(task.elapsed)


def _reused(task: Task) -> str:
    return f"reused, pushed {task.created:%Y-%m-%d %H:%M}" if task.reused else ""


def _word(task: Task) -> str:
    record = task.handle.record
    step = _step(task)
    if task.canceling:
        return f"canceling, {step}" if step else "canceling"
    if record.status is Status.RUNNING and step:
        return f"over its time, {step}"
    if record.status is Status.BLOCKED and record.held:
        return "held"
    if record.status is Status.FAILED and record.reason == Reason.LOST:
        return "lost"
    return str(record.status)


def _step(task: Task) -> str:
    """How far its stopping has come, and what would help."""
    step = task.handle.record.cancel_step
    mend = "; run_in='process' can stop anything" if step == "in C code" else ""
    return f"{step}{_ago(task)}{mend}" if step else ""


def _ago(task: Task) -> str:
    """For how long it has been asked to stop, once that is worth saying."""
    asked = task.handle.record.cancel_at
    since = 0.0 if asked is None else task.handle.client.backend.now() - asked
    return f" since {duration(since)}" if since >= 1 else ""


def _name(task: Task) -> str:
    return one_line(task.label, _NAME_LIMIT)


def _progress_row(task: Task) -> str:
    told = task.progress
    if told is None or task.status is not Status.RUNNING:
        return ""
    share = min(1.0, max(0.0, told.done / told.total)) if told.total else None
    parts = [_amount(told, share), _rest(task, told), told.message, _latest(task)]
    text = " · ".join(filter(None, parts))
    drawn = "" if share is None else bar([(share, _INFO)], f"{share:.0%} done")
    return f'{drawn}<div style="color:{_QUIET}">{escape(one_line(text, 200))}{_curves(task)}</div>'


def _rest(task: Task, told: Progress) -> str:
    """How long it will take, if it goes on as it went since it first told."""
    done_before, began = told.since or (0.0, 0.0)
    came, seconds = told.done - done_before, task.elapsed - began
    if not told.total or came <= 0 or told.done >= told.total or task.elapsed < _FIRST_GUESS:
        return ""
    return f"about {duration(seconds * (told.total - told.done) / came)} left"


def _curves(task: Task) -> str:
    """The course of each metric as a small line."""
    courses = ([value for _, value in points] for points in task.metrics.values())
    return "".join(curve(values, _INFO) for values in courses if len(values) > 1)


def _images(task: Task) -> str:
    """The figures that it displayed; an image runs no script, whatever is in it."""
    found = [
        (kind, data[kind])
        for data in (task.outputs if task.done() else [])
        for kind in _IMAGES
        if kind in data
    ]
    shown = "".join(
        f'<img alt="" style="max-width:100%;display:block;margin:6px 0;background:#fff" '
        f'src="data:{kind};base64,{escape(_base64(kind, text))}">'
        for kind, text in found[:_MOST_IMAGES]
    )
    more = len(found) - _MOST_IMAGES
    note = f"and {more} more: task.outputs" if more > 0 else ""
    return shown + (f'<div style="color:{_QUIET}">{note}</div>' if note else "")


def _base64(kind: str, text: str) -> str:
    """SVG travels as text, the other images in base64."""
    if kind != "image/svg+xml":
        return "".join(text.split())
    return base64.b64encode(text.encode()).decode("ascii")


def _amount(told: Progress, share: float | None) -> str:
    if share is None:
        return f"{told.done:g}"
    return f"{told.done:g} of {told.total:g} ({share:.0%})"


def _latest(task: Task) -> str:
    """The newest value of each metric."""
    newest = {name: points[-1][1] for name, points in task.metrics.items() if points}
    return " · ".join(f"{name} {value:.4g}" for name, value in newest.items())


def _result_row(task: Task) -> str:
    if task.status is not Status.SUCCESS:
        return ""
    outcome = task.handle.outcome()
    preview = "" if outcome is None else outcome.preview
    if preview in ("", "None"):
        return ""
    return f'<div style="{_MONO};max-height:none">{escape(preview)}</div>'


def _error_row(task: Task) -> str:
    error = task.error
    if not error or task.status not in (Status.FAILED, Status.CANCELED, Status.RETRYING):
        return ""
    colour = _BAD if task.status is Status.FAILED else _QUIET
    text = escape(one_line(error, _ERROR_LIMIT))
    row = f'<div style="color:{colour};overflow-wrap:anywhere">{text}</div>'
    line = own_line(task.traceback or "") if task.status is Status.FAILED else ""
    if line:
        shown = escape(one_line(line, _ERROR_LIMIT))
        row = f'<div style="{_MONO};margin-bottom:4px">{shown}</div>{row}'
    return row


def _again_row(task: Task) -> str:
    """A word where the function has been edited since, and how to run what has failed again; the
    card that is saved has no button, which would need this kernel."""
    record = task.handle.record
    edited = record.call_key is not None and edited_since(
        record.call_key, task.handle.header().function
    )
    told = [f'<span style="color:{_WARN}">edited since this ran</span>'] if edited else []
    if task.status is not Status.SUCCESS:
        command = f'<code style="{_CODE}">%gator retry {escape(task.task_id[:8])}</code>'
        code = " with the code as it was" if edited else ""
        told.append(f'<span style="color:{_QUIET}">{command} runs it again{code}</span>')
    return f"<div>{' · '.join(told)}</div>" if told else ""


def _unserved_row(tasks: Sequence[Task]) -> str:
    why = _why_nobody_begins(tasks)
    if not why:
        return ""
    return f'<div style="color:{_WARN};overflow-wrap:anywhere">{escape(one_line(why, 600))}</div>'


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


def _tail(task: Task) -> str:
    lines = task.logs(tail=_TAIL) if task.status is Status.RUNNING else ""
    if not lines.strip():
        return ""
    return f'<div style="{_MONO}">{escape(_clean(lines[-_TAIL_LIMIT:]))}</div>'


def _log(task: Task) -> str:
    return task.logs() if task.status not in (Status.WAITING, Status.DELAYED) else ""


def _fold(title: str, text: str) -> str:
    if not text.strip():
        return ""
    shown = text[-_TEXT_LIMIT:]
    if len(shown) < len(text):
        shown = f"[… the last {_TEXT_LIMIT:,} of {len(text):,} characters]\n{shown}"
    return (
        f'<details style="margin-top:4px"><summary style="cursor:pointer;color:{_QUIET}">{title}'
        f'</summary><pre style="{_MONO}">{escape(_clean(shown))}</pre></details>'
    )


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text)


# -- bars ----------------------------------------------------------------------------------------


def _counts(tasks: Sequence[Task]) -> dict[Status, int]:
    found = Counter(task.handle.record.status for task in tasks)
    return {status: found[status] for status in Status if found[status]}


def _stack(counts: dict[Status, int], total: int) -> str:
    order = (Status.SUCCESS, Status.FAILED, Status.CANCELED, Status.RUNNING)
    told = ", ".join(f"{number} {status}" for status, number in counts.items())
    return bar([(counts.get(s, 0) / max(total, 1), _LOOKS[s].colour) for s in order], told)


def _legend(counts: dict[Status, int]) -> str:
    return " ".join(
        f'<span style="white-space:nowrap;margin-right:10px">{_badge(status)} {number}</span>'
        for status, number in counts.items()
    )


def _badge(status: Status) -> str:
    look = _LOOKS[status]
    return f'<span style="color:{look.colour};font-weight:600">{look.icon}</span> {status}'


def _errors(tasks: Sequence[Task]) -> str:
    """The different errors of a group, the commonest first."""
    found = Counter(
        one_line(one.error or "", _ERROR_LIMIT)
        for one in (task.handle.record for task in tasks)
        if one.status is Status.FAILED
    )
    lines = [
        f'<div style="color:{_BAD};overflow-wrap:anywhere">{number} × {escape(error)}</div>'
        for error, number in found.most_common(3)
    ]
    more = len(found) - len(lines)
    if more > 0:
        lines.append(f'<div style="color:{_QUIET}">and {more} other errors</div>')
    return "".join(lines)
