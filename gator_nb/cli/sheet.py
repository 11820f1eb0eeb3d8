"""`gator-nb show`."""

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ..client.workforce import why_nobody_begins
from ..durations import ago, duration
from ..errors import GatorError
from ..gator import Gator
from ..output.rich_output import text_of
from ..payload import CallHeader, Outcome
from ..record import Record
from ..states import RUNNING
from .arguments import Id, Json, Store, open_existing
from .facts import facts_of, newest_figures
from .finding import find
from .showing import (
    DIM,
    block,
    console,
    print_json,
    remark,
    safe,
    sign,
    style_of,
    told,
    took,
    word_of,
)

_RULE = 100
"""Columns of a line between two parts."""


def show(
    task: Id,
    store: Store = None,
    tail: Annotated[
        int, typer.Option("--tail", "-n", min=0, help="Lines of its output; 0 is none.")
    ] = 10,
    as_json: Json = False,
) -> None:
    with open_existing(store) as gator:
        (record,) = find(gator, [task])
        header, outcome, note = _signed(gator, record)
        log = text_of(gator.backend.log(record.id)).decode("utf-8", "replace")
        now = gator.backend.now()
        workers = gator.backend.worker_names()
        why = why_nobody_begins(gator.backend, [record.id], here=False)
    if as_json:
        told = _facts(record, now, header, outcome, note)
        print_json(told | {"unserved": why, "log": log})
        return
    out = console()
    out.print(_head(record, out))
    out.print(_grid(_lines(record, now, header, workers, why)))
    for title, text in _texts(record, outcome, note, log, tail):
        rule = Rule(Text(title, style=DIM), align="left", style=DIM)
        out.print(rule, width=min(out.width, _RULE))
        out.print(Text(text))


def _signed(gator: Gator, record: Record) -> tuple[CallHeader | None, Outcome | None, str | None]:
    """The call and what came of it, verified and never unpickled; and why they cannot be told."""
    try:
        envelope = gator.backend.envelope(record.id)
        header = gator.client.verified(record, envelope)[0]
        return header, gator.client.outcome(record), None
    except GatorError as error:
        return None, None, str(error)


def _facts(
    record: Record,
    now: float,
    header: CallHeader | None,
    outcome: Outcome | None,
    note: str | None,
) -> dict[str, Any]:
    return facts_of(record, now) | {
        "function": header and header.function,
        "arguments": header and header.arguments,
        "metrics": newest_figures(record),
        "result": outcome.preview if outcome is not None and outcome.ok else None,
        "traceback": outcome and outcome.traceback,
        "note": note,
    }


def _head(record: Record, out: Console) -> Text:
    word = word_of(record)
    head = Text(f"{sign(word, out)}{word}", style=style_of(word))
    head.append(f"  {safe(record.label) or '(no name)'}", style="bold")
    return head.append(f"  {safe(record.id)}", style=DIM)


def _grid(lines: Iterator[tuple[str, str]]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style=DIM, no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in lines:
        if text:
            grid.add_row(name, Text(text))
    return grid


def _lines(
    record: Record,
    now: float,
    header: CallHeader | None,
    workers: dict[str, str],
    why: str | None,
) -> Iterator[tuple[str, str]]:
    """What there is to say, by name; an empty text is nothing to say."""
    yield "call", f"{safe(header.function)}({safe(header.arguments, 200)})" if header else ""
    yield "queue", safe(record.queue)
    yield "now", "" if record.done or record.status is RUNNING else remark(record)
    yield "but", why or ""
    yield "progress", _progress(record)
    yield "metrics", ", ".join(f"{safe(k)}={v:g}" for k, v in newest_figures(record).items())
    yield "pushed", _at(record.created, now)
    yield "due", "" if record.done else _at(record.due, now)
    yield "started", _at(record.started, now)
    yield "finished", _at(record.finished, now)
    seconds = took(record, now)
    yield "took", "" if seconds is None else duration(seconds)
    yield "tries", _tries(record)
    yield "worker", safe(workers.get(record.worker or "", record.worker or ""))
    yield "memory", f"{record.peak_memory / 2**20:,.0f} MiB" if record.peak_memory else ""
    yield "priority", str(record.priority or "")
    yield "tags", safe(", ".join(record.tags))
    yield "group", safe(record.group)
    yield "waits for", safe(", ".join(record.depends_on))
    yield "retry of", safe(record.parent)
    yield "cancel", _cancel(record, now)


def _progress(record: Record) -> str:
    found = told(record)
    parts = [found.get("done"), found.get("total")]
    figures = "/".join(f"{one:g}" for one in parts if isinstance(one, int | float))
    message = found.get("message")
    return f"{figures} {safe(message)}".strip() if isinstance(message, str) else figures


def _tries(record: Record) -> str:
    if not record.attempts:
        return ""
    left = f", {record.retries} more allowed" if record.retries and not record.done else ""
    lost = f", {record.losses} lost with their workers" if record.losses else ""
    return f"{record.attempts}{left}{lost}"


def _cancel(record: Record, now: float) -> str:
    if record.cancel_at is None:
        return ""
    return f"asked for by {safe(record.cancel_by) or 'somebody'}, {_at(record.cancel_at, now)}"


def _at(seconds: float | None, now: float) -> str:
    if seconds is None:
        return ""
    local = dt.datetime.fromtimestamp(seconds).astimezone()
    away = ago(now - seconds) if seconds <= now else f"in {duration(seconds - now)}"
    return f"{local:%Y-%m-%d %H:%M:%S} ({away})"


def _texts(
    record: Record, outcome: Outcome | None, note: str | None, log: str, tail: int
) -> Iterator[tuple[str, str]]:
    if outcome is not None and outcome.ok and record.done:
        yield "result", safe(outcome.preview, 300)
    elif outcome is not None and outcome.traceback:
        yield "error", block(outcome.traceback)
    elif record.error:
        yield "error", safe(record.error, 1000)
    if note:
        yield "not readable here", safe(note, 1000)
    lines = block(log).splitlines()
    if lines and tail:
        most = f"the last {tail} of {len(lines):,} lines" if len(lines) > tail else "all of it"
        yield f"output ({most})", "\n".join(lines[-tail:])
