"""How tasks look in a terminal: colors, signs, durations, and text that a terminal cannot obey."""

import json
import sys
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from ..payload import one_line
from ..record import Record
from ..states import Status

NAME_LIMIT, ERROR_LIMIT = 120, 300
_PIPED_WIDTH = 240
"""Columns of a table that no terminal bounds: enough for programs that read lines."""
_HEX_ID, _SHORT = 32, 8

_LOOKS = {
    "waiting": ("○", "cyan"), "delayed": ("◷", "cyan"), "blocked": ("◌", "cyan"),
    "retrying": ("↻", "yellow"), "running": ("●", "bold blue"), "canceling": ("◍", "yellow"),
    "success": ("✔", "green"), "failed": ("✘", "bold red"), "canceled": ("⊘", "bright_black"),
}  # fmt: skip
DIM = "bright_black"


def console() -> Console:
    """Where results go: the terminal, or whatever reads them."""
    piped = not sys.stdout.isatty()
    return Console(highlight=False, width=_PIPED_WIDTH if piped else None)


def tell(text: str) -> None:
    """A note for whoever sits there, beside the results."""
    typer.echo(text, err=True)


def print_json(fields: object) -> None:
    """One object in a line of its own, whatever the width of the terminal."""
    typer.echo(json.dumps(fields, ensure_ascii=False))


def word_of(record: Record) -> str:
    """Its status; a running task that was asked to stop is canceling until it has stopped."""
    return "canceling" if record.canceling else str(record.status)


def style_of(word: str) -> str:
    return _LOOKS[word][1]


def sign(word: str, out: Console) -> str:
    """What stands before a status, with its space; nothing where the encoding has no such sign."""
    return "" if out.options.ascii_only else f"{_LOOKS[word][0]} "


def status_text(record: Record, out: Console) -> Text:
    """Sign, word and the share that is done."""
    word = word_of(record)
    text = Text(f"{sign(word, out)}{word}", style=style_of(word))
    share = share_of(record) if record.status is Status.RUNNING else None
    return text if share is None else text.append(f" {share:.0%}", style="default")


def safe(text: str | None, limit: int = NAME_LIMIT) -> str:
    """A user's text in one line, without what a terminal would obey.

    >>> safe("fit" + chr(27) + "[31m")
    'fit [31m'
    """
    return one_line(text or "", limit)


def block(text: str) -> str:
    """A user's text in its lines, without what a terminal would obey."""
    return "\n".join(
        "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line).rstrip()
        for line in text.splitlines()
    )


def short_id(task_id: str) -> str:
    """Enough of an id to name the task by; one that a user chose stays whole."""
    return task_id[:_SHORT] if len(task_id) == _HEX_ID else safe(task_id)


def took(record: Record, now: float) -> float | None:
    """Seconds of the newest try; None before it began, and of what never did."""
    if record.started is None:
        return None
    end = now if record.finished is None else record.finished
    return max(0.0, end - record.started)


def told(record: Record) -> dict[str, Any]:
    """What a task said of its progress; a store may hold anything, so it is only read."""
    try:
        found = json.loads(record.progress or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def share_of(record: Record) -> float | None:
    """The share that is done, as far as it said."""
    done, total = told(record).get("done"), told(record).get("total")
    if not isinstance(done, int | float) or not isinstance(total, int | float) or total <= 0:
        return None
    return max(0.0, min(1.0, done / total))


def remark(record: Record) -> str:
    """A line about why it is where it is: its error, its cancel, what it says of itself."""
    if record.done:
        return safe(record.error, ERROR_LIMIT)
    if record.canceling:
        return safe(record.cancel_step or "asked to stop", ERROR_LIMIT)
    if record.status is Status.BLOCKED:
        return "held" if record.held else f"waits for {tasks(record.open_deps)}"
    if record.status is Status.RETRYING:
        return safe(record.error, ERROR_LIMIT)
    if record.losses:
        return f"{record.losses} workers died under it"
    message = told(record).get("message") if record.status is Status.RUNNING else None
    return safe(message, ERROR_LIMIT) if isinstance(message, str) else ""


def tasks(number: int) -> str:
    """
    >>> tasks(1), tasks(1200)
    ('1 task', '1,200 tasks')
    """
    return f"{number:,} task{'' if number == 1 else 's'}"
