"""One safe line about any value: short, without control characters, and never an exception."""

import reprlib
from itertools import islice
from typing import Any

from ..boundary import calls_users

RESULT_LIMIT = 300
ARGUMENTS_LIMIT = 200
_HEAD = 2_000
"""Characters of a text, and bytes, that are looked at at all."""

_ROUND = 10**15
_SHORT = frozenset({type(None), bool, float})
"""Kinds of values whose repr is always one short line."""


class _Repr(reprlib.Repr):
    """Looks at a few items of what is large, so that a preview costs the same for any size."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdeque = 20
        self.maxdict = self.maxarray = 20
        self.maxstring = self.maxlong = self.maxother = limit

    def repr_bytes(self, value: bytes, _level: int) -> str:
        rest = len(value) - _HEAD
        return repr(value[:_HEAD]) + (f" and {rest} more bytes" if rest > 0 else "")

    def repr_bytearray(self, value: bytearray, level: int) -> str:
        return f"bytearray({self.repr_bytes(bytes(value[:_HEAD]), level)})"

    def repr_int(self, value: int, level: int) -> str:
        if value.bit_length() > 10_000:  # Python refuses to write out an integer of that size
            return f"<int of {value.bit_length()} bits>"
        return super().repr_int(value, level)


@calls_users
def preview_of(value: Any, limit: int = RESULT_LIMIT) -> str:
    """The repr of a value as one line of at most `limit` characters.

    >>> preview_of({"accuracy": 0.93})
    "{'accuracy': 0.93}"
    """
    kind = type(value)
    if kind in _SHORT or (kind is int and -_ROUND < value < _ROUND):
        return repr(value)
    try:
        text = _Repr(limit).repr(value)
    except Exception as error:  # noqa: BLE001 -- a user's `__repr__` may raise anything
        text = f"<{type(value).__qualname__}, whose repr raises {type(error).__name__}>"
    return one_line(text, limit)


def preview_of_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """The arguments of a call as they would be written, in at most 200 characters.

    >>> preview_of_arguments((0.1,), {"depth": 4})
    '0.1, depth=4'
    """
    parts = [preview_of(value, ARGUMENTS_LIMIT) for value in args[:50]]
    named = islice(kwargs.items(), 50)
    parts += [f"{name}={preview_of(value, ARGUMENTS_LIMIT)}" for name, value in named]
    return one_line(", ".join(parts), ARGUMENTS_LIMIT)


def one_line(text: str, limit: int) -> str:
    """A text without line breaks and control characters, cut with an ellipsis."""
    head = text[: 2 * limit + _HEAD]
    line = " ".join("".join(c if c.isprintable() else " " for c in head).split())
    whole = len(head) == len(text) and len(line) <= limit
    return line if whole else line[: limit - 1] + "…"
