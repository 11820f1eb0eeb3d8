"""What the card of an ended task tells: its result, figures and error, how to run it again."""

import base64
from html import escape

from ..payload import edited_since, one_line
from ..states import Status
from ..tasks.task import Task
from .looks import BAD, CODE, ERROR_LIMIT, MONO, QUIET, WARN, fold
from .own_line import own_line

_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/svg+xml")
_MOST_IMAGES = 4


def result_row(task: Task) -> str:
    if task.status is not Status.SUCCESS:
        return ""
    outcome = task.handle.outcome()
    preview = "" if outcome is None else outcome.preview
    if preview in ("", "None"):
        return ""
    return f'<div style="{MONO};max-height:none">{escape(preview)}</div>'


def images(task: Task) -> str:
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
    return shown + (f'<div style="color:{QUIET}">{note}</div>' if note else "")


def _base64(kind: str, text: str) -> str:
    """SVG travels as text, the other images in base64."""
    if kind != "image/svg+xml":
        return "".join(text.split())
    return base64.b64encode(text.encode()).decode("ascii")


def error_row(task: Task) -> str:
    error = task.error
    if not error or task.status not in (Status.FAILED, Status.CANCELED, Status.RETRYING):
        return ""
    colour = BAD if task.status is Status.FAILED else QUIET
    text = escape(one_line(error, ERROR_LIMIT))
    row = f'<div style="color:{colour};overflow-wrap:anywhere">{text}</div>'
    line = own_line(task.traceback or "") if task.status is Status.FAILED else ""
    if line:
        shown = escape(one_line(line, ERROR_LIMIT))
        row = f'<div style="{MONO};margin-bottom:4px">{shown}</div>{row}'
    return row


def traceback_row(task: Task) -> str:
    """Nothing for a task that was lost: the error and the log say all that is known."""
    text = task.traceback or ""
    return fold("traceback", text) if 'File "' in text else ""


def edited(task: Task) -> bool:
    """Its function is here, and does something else by now."""
    key = task.handle.record.call_key
    return key is not None and bool(edited_since(key, task.handle.header().function))


def again_row(task: Task, *, live: bool = False) -> str:
    """A word where the function has been edited since, and how to run what has failed again.

    Args:
        live: buttons do that; the card that is saved has none, which would need this kernel.
    """
    since = edited(task)
    told = [f'<span style="color:{WARN}">edited since this ran</span>'] if since else []
    if task.status is not Status.SUCCESS and not live:
        command = f'<code style="{CODE}">%gator retry {escape(task.task_id[:8])}</code>'
        code = " with the code as it was, and with --edited as it is now" if since else ""
        told.append(f'<span style="color:{QUIET}">{command} runs it again{code}</span>')
    return f"<div>{' · '.join(told)}</div>" if told else ""
