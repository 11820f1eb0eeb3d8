"""`gator-nb ls`."""

from collections.abc import Sequence
from itertools import islice
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..backends.base import Filter
from ..client.workforce import unserved, workers
from ..durations import ago, duration
from ..gator import Gator
from ..record import Record
from ..states import Status
from ..tasks.group import records
from .arguments import Dsn, Json, Queues, Statuses, one_or_every, open_existing
from .facts import facts_of
from .showing import (
    DIM,
    console,
    print_json,
    remark,
    safe,
    short_id,
    status_text,
    tasks,
    tell,
    took,
)

_COLUMNS = ("status", "id", "task", "queue", "took", "pushed", "")
_RIGHT = ("took", "pushed")
_WIDE = 100
"""Columns of a terminal from which on there is room for a remark."""
_ID_WIDTH = 24
_LEAST = 12
"""Columns that a name or a remark has at least."""


def ls(
    dsn: Dsn = None,
    status: Statuses = None,
    queue: Queues = None,
    name: Annotated[
        str | None, typer.Option(help="Of this name, as the user gave it.", show_default=False)
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=0, help="At most so many; 0 is all.")
    ] = 50,
    as_json: Json = False,
) -> None:
    with open_existing(dsn) as gator:
        wanted, queues = frozenset(status or ()) or None, one_or_every(queue)
        found = list_of(gator, wanted, queues, name, limit + 1 if limit else None)
        more = bool(limit) and len(found) > limit
        found, now = found[: limit or None], gator.backend.now()
        if as_json:
            for record in found:
                print_json(facts_of(record, now))
        elif found:
            out = console()
            out.print(table_of(found, now, out))
            _tell_unserved(gator, found)
        _close(gator, found, more, queues)


def list_of(
    gator: Gator,
    wanted: frozenset[Status] | None,
    queues: Sequence[str] | None,
    name: str | None = None,
    most: int | None = None,
) -> list[Record]:
    """The tasks that fit, newest first."""
    fitting = [
        record
        for queue in queues or (None,)
        for record in islice(records(gator.backend, Filter(wanted, queue, name), most), most)
    ]
    return sorted(fitting, key=lambda record: -record.seq)[:most]


def _close(gator: Gator, found: Sequence[Record], more: bool, queues: Sequence[str] | None) -> None:
    """A note about what the table does not show."""
    if found:
        if more:
            tell(f"the newest {tasks(len(found))}; there are more: --limit 0 shows all")
        return
    known = gator.backend.counts()
    if not known:
        tell(f"there is no task in {gator.conn_string}")
    elif queues and not set(queues) & known.keys():
        tell(f"no such queue; there are {', '.join(safe(name) for name in sorted(known))}")
    else:
        tell("no task fits")


def _tell_unserved(gator: Gator, found: Sequence[Record]) -> None:
    """Which of the tasks that wait there no worker will run, and the mend."""
    waiting = [record for record in found if record.status is Status.WAITING]
    for line in unserved(waiting, workers(gator.backend)) if waiting else ():
        tell(f"{line.why}; {line.mend(gator.backend)}")


def table_of(found: Sequence[Record], now: float, out: Console) -> Table:
    """As wide as the terminal: names and remarks give way, what is short never does."""
    rows = [_row(record, now, out) for record in found]
    table = Table(box=None, pad_edge=False, header_style=DIM)
    for name, width in zip(_COLUMNS, _widths(rows, out.width), strict=True):
        if width:
            justify: Literal["left", "right"] = "right" if name in _RIGHT else "left"
            table.add_column(name, no_wrap=True, overflow="ellipsis", width=width, justify=justify)
    for row in rows:
        table.add_row(*row[: len(table.columns)])
    return table


def _widths(rows: Sequence[Sequence[Text]], available: int) -> list[int]:
    """For each column; 0 leaves it out, as the remarks where there is no room for them."""
    natural = [
        max(len(name), *(row[number].cell_len for row in rows))
        for number, name in enumerate(_COLUMNS)
    ]
    status, task_id, task, queue, took_, pushed, about = natural
    wide = available >= _WIDE
    task_id, queue = min(task_id, _ID_WIDTH), min(queue, 16 if wide else 12)
    gaps = 2 * (len(_COLUMNS) - (1 if wide else 2))
    left = max(2 * _LEAST, available - gaps - status - task_id - queue - took_ - pushed)
    task = min(task, left if not wide else max(_LEAST, left // 2, left - about - _LEAST))
    about = min(about, left - task) if wide else 0
    return [status, task_id, task, queue, took_, pushed, about]


def _row(record: Record, now: float, out: Console) -> list[Text]:
    seconds = took(record, now)
    return [
        status_text(record, out),
        Text(short_id(record.id), style="bold"),
        Text(safe(record.label) or "(no name)"),
        Text(safe(record.queue)),
        Text("" if seconds is None else duration(seconds)),
        Text(ago(now - record.created), style=DIM),
        Text(remark(record), style=DIM),
    ]
