"""Between a record and its row."""

import json
from operator import itemgetter
from typing import Any

from ...errors import StoreCorrupt
from ...record import Record
from ...states import Status
from .sql import Row

AT = {field: at for at, field in enumerate(Record._fields)}
"""Where a field stands in a row of `$COLUMNS`."""

_LISTS = tuple(AT[field] for field in ("tags", "depends_on", "refs"))
_FLAGS = tuple(AT[field] for field in ("held", "alone", "begun"))
_STATUS = AT["status"]
_STATUSES = {int(status): status for status in Status}
_NULLABLE = {field for field, default in Record._field_defaults.items() if default is None}
_required = itemgetter(*(at for field, at in AT.items() if field not in _NULLABLE))


def encode(record: Record) -> list[Any]:
    """The row of a record."""
    row: list[Any] = list(record)
    for at in _LISTS:
        row[at] = json.dumps(row[at]) if row[at] else "[]"
    return row


def decode(row: Row) -> Record:
    """The record of a row.

    Raises:
        StoreCorrupt: the row is not what `encode` makes; the text names the task.
    """
    values = list(row)
    try:
        values[_STATUS] = _STATUSES[values[_STATUS]]
        for at in _FLAGS:
            values[at] = bool(values[at])
        for at in _LISTS:
            values[at] = () if values[at] == "[]" else tuple(json.loads(values[at]))
    except (KeyError, TypeError, ValueError) as error:
        raise _corrupt(row, f"{type(error).__name__}: {error}") from error
    if None in _required(row):
        raise _corrupt(row, "a value is missing")
    return Record._make(values)


def _corrupt(row: Row, why: str) -> StoreCorrupt:
    name = row[AT["id"]] or f"number {row[AT['seq']]}"
    return StoreCorrupt(
        f"the row of task {name} is not what gator_nb writes ({why}); verify() tells more"
    )
