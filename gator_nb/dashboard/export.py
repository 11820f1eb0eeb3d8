"""What a filter finds as CSV or JSON, made in pieces that a browser asks for one by one."""

import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from ..errors import GatorError
from ..record import Record
from .jobs import Desk
from .query import Query

Format = Literal["csv", "json"]
_LOOKED_AT = 1_000
"""Tasks that one step looks at."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet would compute rather than show."""
_OBEYED = dict.fromkeys((*range(9), 11, 12, *range(14, 32), *range(127, 160)), "\ufffd")
"""What a terminal obeys. JSON escapes what it needs to; a CSV has no way to."""
_CELL = 32_000
"""Characters of one cell: spreadsheets take 32,767, and refuse or part what is longer."""


class Piece(NamedTuple):
    """How an export stands, and what it has found since the piece before."""

    format: Format
    number: int = 0
    text: str = ""
    done: int = 0
    """Tasks that were written so far."""
    more: bool = True
    trouble: str = ""


class Export:
    """A job that writes what a query finds, newest first; after each piece it waits for `step`."""

    def __init__(self, query: Query, made: Format, tell: Callable[[Piece], None]) -> None:
        self.stands = Piece(made)
        self._query = query
        self._tell = tell
        self._after: int | None = None
        self._ended = False

    def stop(self) -> None:
        """Look no further."""
        self._ended = True

    def step(self, desk: Desk) -> bool:
        """Whether to go on without being asked: nothing was found yet that could be sent."""
        if self._ended:
            return False
        wanted = desk.following.wanted(self._query)
        page = desk.backend.page(wanted.where, limit=_LOOKED_AT, after=self._after)
        self._after = page.next
        names = desk.following.worker_names
        rows = [exported(record, names) for record in page.records if wanted.fits(record)]
        if not rows and page.next is not None:
            return True
        before = self.stands
        text = written(rows, before.format, first=before.done == 0, last=page.next is None)
        self._say(text=text, done=before.done + len(rows), more=page.next is not None)
        return False

    def fail(self, error: GatorError) -> None:
        self._say(text="", more=False, trouble=str(error))

    def _say(self, **changes: object) -> None:
        number = self.stands.number + 1
        self.stands = self.stands._replace(number=number, **changes)  # type: ignore[arg-type]
        self._tell(self.stands)


def exported(record: Record, names: Mapping[str, str]) -> dict[str, Any]:
    """A task as it is exported; times in UTC, by the store's clock."""
    began, ended = record.started, record.finished
    return {
        "id": record.id,
        "name": record.label,
        "status": str(record.status),
        "queue": record.queue,
        "tags": list(record.tags),
        "group": record.group,
        "created": _moment(record.created),
        "started": _moment(began),
        "finished": _moment(ended),
        "seconds": round(ended - began, 6) if began is not None and ended is not None else None,
        "worker": names.get(record.worker or "", record.worker),
        "attempts": record.attempts,
        "losses": record.losses,
        "priority": record.priority,
        "retry_of": record.parent,
        "reason": record.reason,
        "error": record.error,
        "progress": _parsed(record.progress),
        "metrics": _newest(_parsed(record.metrics)),
    }


def written(rows: list[dict[str, Any]], made: Format, *, first: bool, last: bool) -> str:
    """These rows as the next part of a text.

    >>> written([], "json", first=True, last=True)
    '[\\n\\n]\\n'
    """
    if made == "json":
        lines = [_sendable(json.dumps(row, ensure_ascii=False)) for row in rows]
        opening = "[\n" if first else ",\n" if lines else "\n"
        return opening + ",\n".join(lines) + ("\n]\n" if last else "")
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC)  # ";" parts cells in some countries
    if first:
        writer.writerow(exported(Record("", ""), {}))
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return _sendable(text.getvalue())


def _sendable(text: str) -> str:
    """Without halves of characters, which no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _cell(value: object) -> object:
    """
    >>> _cell("=1+1"), _cell(-1.5), _cell(["a", "b"])
    ("'=1+1", -1.5, 'a, b')
    """
    if isinstance(value, list):
        value = ", ".join(str(one) for one in value)
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, str):
        return value
    over = len(value) - _CELL
    if over > 0:
        value = f"{value[:_CELL]}… ({over:,} more characters)"
    text = value.translate(_OBEYED)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _moment(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def _parsed(text: str | None) -> dict[str, Any] | None:
    """What the store holds as JSON; it may be anything, and `nan` is none."""
    try:
        found = json.loads(text or "null", parse_constant=lambda _: None, parse_float=_finite)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _newest(metrics: dict[str, Any] | None) -> dict[str, Any] | None:
    """The last value of each series."""
    if metrics is None:
        return None
    series = {
        name: points[-1] for name, points in metrics.items() if isinstance(points, list) and points
    }
    return {name: point[-1] for name, point in series.items() if isinstance(point, list) and point}
