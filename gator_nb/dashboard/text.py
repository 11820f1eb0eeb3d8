"""User text as text: nothing that a browser or a terminal could obey, capped."""

import re

from ..payload import one_line

NAME_LIMIT = 120
ERROR_LIMIT = 300
SHORT_ID = 8
_ROOM = 5_000
"""Characters that are looked at beside twice those that are shown: `one_line` looks at fewer."""
LINE_LIMIT = 4_000
"""Characters of one line of a log or a traceback."""

_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])"
)
"""What a terminal obeys: colours, cursor moves, titles."""

_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0e31-\u0e3a\u0e47-\u0e4e"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_TOWERS = re.compile(f"([{_MARKS}]{{3}})[{_MARKS}]+")
"""More marks over one letter than any language has: they would be drawn over the lines above."""


def safe(text: str | None, limit: int = NAME_LIMIT) -> str:
    """The text in one line, without control and bidirectional characters, cut with an ellipsis.

    >>> safe("fit\\u202egnp.exe" + chr(27) + "[31m")
    'fit gnp.exe [31m'
    """
    return one_line(_TOWERS.sub(r"\1", (text or "")[: 2 * limit + _ROOM]), limit)


def block(text: str | None) -> str:
    """A text of several lines as a terminal would leave it, without what a terminal obeys.

    >>> block("10 %\\r20 %" + chr(27) + "[1m done" + chr(27) + "[0m")
    '20 % done'
    """
    plain = _ESCAPES.sub("", text or "").replace("\r\n", "\n")
    return "\n".join(_line(line) for line in plain.split("\n"))


def short_id(task_id: str) -> str:
    """Enough of an id to tell tasks apart by eye."""
    return safe(task_id[:SHORT_ID], SHORT_ID)


def _line(line: str) -> str:
    line = line.rstrip("\r").rpartition("\r")[2]  # a progress bar writes over itself
    over = len(line) - LINE_LIMIT
    line = _TOWERS.sub(r"\1", line[:LINE_LIMIT])
    if not line.isprintable():
        line = "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line)
    return f"{line} … ({over:,} more characters)" if over > 0 else line
