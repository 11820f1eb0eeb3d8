"""Statements: what is written in them by name, and running one."""

from collections.abc import Iterable, Sequence
from string import Template
from typing import Any

import apsw

from ...constants import FORCED
from ...record import Record
from ...states import TERMINAL, UNSTARTED, Status

Row = Sequence[Any]
"""What SQLite gives for a row."""


def numbers(statuses: Iterable[Status]) -> str:
    """What stands behind IN for these statuses.

    >>> numbers({Status.RUNNING, Status.SUCCESS})
    '(1, 6)'
    """
    return f"({', '.join(str(int(status)) for status in sorted(statuses))})"


_NAMES = {status.name: int(status) for status in Status} | {
    # Named, because a later version may have added columns.
    "COLUMNS": ", ".join(f'task."{field}"' for field in Record._fields),
    "FIELDS": ", ".join(f'"{field}"' for field in Record._fields),
    "MARKS": ", ".join("?" * len(Record._fields)),
    "FORCED": f"'{FORCED}'",
    "UNSTARTED": numbers(UNSTARTED),
    "TERMINAL": numbers(TERMINAL),
    "ANY": numbers(Status),
    "NOT_SUCCESS": numbers(set(Status) - {Status.SUCCESS}),
    # Where an unstarted task stands once nothing blocks it, ?1 being now: see status_when_free.
    "FREE": "CASE WHEN due > ?1 THEN CASE WHEN attempts > 0 THEN "
    f"{int(Status.RETRYING)} ELSE {int(Status.DELAYED)} END ELSE {int(Status.WAITING)} END",
}


def sql(text: str) -> str:
    """Fill in the numbers of statuses and the columns of a record.

    >>> sql("SELECT id FROM task WHERE status = $RUNNING OR status IN $TERMINAL")
    'SELECT id FROM task WHERE status = 6 OR status IN (1, 2, 5)'
    """
    return Template(text).substitute(_NAMES)


def run(db: apsw.Connection, statement: str, values: Sequence[Any] = ()) -> list[Row]:
    """Run one statement to its end; its rows."""
    rows: list[Row] = db.execute(statement, values).fetchall()  # type: ignore[assignment]
    return rows
