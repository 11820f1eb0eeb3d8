"""Between a record and its hash. A field that has its default is not stored, nor is what follows
from others: the id (the key tells it), the rank, and an origin that is the task itself."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from ...errors import StoreCorrupt
from ...record import Record, rank_of
from ...states import Status

_GIVEN_BY_STORE = {"id", "status", "seq", "rank", "created", "open_deps", "version"}
_AT = {field: at for at, field in enumerate(Record._fields)}
_DEFAULTS = [Record._field_defaults.get(field) for field in Record._fields]
_SENT = [(field, at, _DEFAULTS[at]) for field, at in _AT.items() if field not in _GIVEN_BY_STORE]

_STATUSES = {int(status): status for status in Status}
_FLAGS = ("held", "alone", "begun")
_INTEGERS = (
    "seq", "priority", "open_deps", "retries", "attempts", "losses", "version", "peak_memory",
)  # fmt: skip
_TIMES = ("created", "due", "expires", "keep", "started", "finished", "cancel_at")
_LISTS = ("tags", "depends_on", "refs")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


_READ: dict[str, tuple[int, Callable[[Any], Any] | None]] = {
    **{field: (at, None) for field, at in _AT.items()},
    **{field: (_AT[field], int) for field in _INTEGERS},
    **{field: (_AT[field], float) for field in _TIMES},
    **{field: (_AT[field], _listed) for field in _LISTS},
    **{field: (_AT[field], lambda text: text == "1") for field in _FLAGS},
    "status": (_AT["status"], _STATUSES.__getitem__),
}
"""Where a field goes, and what makes its value; None takes the text. Later formats may have more
fields: they are not read."""

_ID, _QUEUE, _STATUS, _SEQ = _AT["id"], _AT["queue"], _AT["status"], _AT["seq"]
_RANK, _PRIORITY, _ORIGIN = _AT["rank"], _AT["priority"], _AT["origin"]


def encode(record: Record) -> dict[str, str]:
    """What a push stores of a record."""
    fields = {
        field: text_of(value) for field, at, default in _SENT if (value := record[at]) != default
    }
    if record.origin == record.id:
        del fields["origin"]
    return fields


def text_of(value: object) -> str:
    """How a value is stored."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    return repr(value) if isinstance(value, (int, float)) else json.dumps(value)


def decode(fields: Mapping[str, Any]) -> Record:
    """The record of a task's fields.

    Raises:
        StoreCorrupt: they are not what gator_nb writes; the text names the task.
    """
    values: list[Any] = _DEFAULTS.copy()
    values[_STATUS] = None
    try:
        for field, text in fields.items():
            place = _READ.get(field)
            if place is not None:
                at, make = place
                values[at] = text if make is None else make(text)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _corrupt(fields, f"{type(error).__name__}: {error}") from error
    if None in (values[_QUEUE], values[_STATUS]) or not values[_SEQ]:
        raise _corrupt(fields, "a value is missing")
    values[_RANK] = rank_of(values[_PRIORITY], values[_SEQ])
    if not values[_ORIGIN]:
        values[_ORIGIN] = values[_ID]
    return Record._make(values)


def _corrupt(fields: Mapping[str, Any], why: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"task {fields.get('id')} is not what gator_nb writes ({why}); verify() tells more"
    )


def decode_all(text: str | bytes) -> list[Record]:
    """The records of a reply."""
    return [decode(fields) for fields in json.loads(text)]
