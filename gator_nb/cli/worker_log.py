"""The log of a worker: JSON for programs, lines for files, colored ones in a terminal."""

import datetime as dt
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from rich.console import Console
from rich.text import Text

from .facts import moment
from .showing import DIM, safe, sign, style_of

_LOG = "gator_nb"
_LINE_LIMIT = 2_000
_STYLES = {"WARNING": "yellow", "ERROR": "bold red", "CRITICAL": "bold red"}
_STATUSES = ("success", "failed", "retrying", "canceled")


class Log(NamedTuple):
    """Where the lines go."""

    terminal: Console | None
    """None where lines go to a file, a pipe or a program."""
    tally: "Tally"


@contextmanager
def log_lines(*, as_json: bool) -> Iterator[Log]:
    """Write what gator_nb logs, JSON to standard output and all else to standard error."""
    terminal = None if as_json or not sys.stderr.isatty() else Console(stderr=True, highlight=False)
    tally, handler = Tally(), _handler(terminal, as_json)
    log = logging.getLogger(_LOG)
    before = log.level, log.propagate
    log.setLevel(logging.INFO)
    log.propagate = False
    handlers: list[logging.Handler] = [tally, handler]
    for one in handlers:
        log.addHandler(one)
    try:
        yield Log(terminal, tally)
    finally:
        for one in handlers:
            log.removeHandler(one)
        log.setLevel(before[0])
        log.propagate = before[1]


class Tally(logging.Handler):
    """Counts the tasks that ended, by how they did."""

    def __init__(self) -> None:
        super().__init__()
        self.failed = 0

    def emit(self, record: logging.LogRecord) -> None:
        if _fields(record).get("event") in ("failed", "lost"):
            self.failed += 1


class JsonLines(logging.Formatter):
    """One object a line: time in UTC, level, event, message, and what there is to say more."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": moment(record.created),
            "level": record.levelname.lower(),
            "event": "note",
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


class PlainLines(logging.Formatter):
    """Time, level and text, in one line."""

    def format(self, record: logging.LogRecord) -> str:
        at = dt.datetime.fromtimestamp(record.created).astimezone()
        text = safe(record.getMessage(), _LINE_LIMIT)
        line = f"{at:%Y-%m-%d %H:%M:%S} {record.levelname.lower():7} {text}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class TerminalLines(logging.Handler):
    """Colored lines, above the status line."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        at = dt.datetime.fromtimestamp(record.created).astimezone()
        line = Text(f"{at:%H:%M:%S} ", style=DIM)
        event = str(_fields(record).get("event", ""))
        text = safe(record.getMessage(), _LINE_LIMIT)
        if event in _STATUSES:
            word, _, rest = text.partition(": ")
            line.append(f"{sign(event, self._console)}{word} ", style=style_of(event))
            line.append(rest)
        else:
            line.append(text, style=_STYLES.get(record.levelname, ""))
        self._console.print(line)


def _handler(terminal: Console | None, as_json: bool) -> logging.Handler:
    if terminal is not None:
        return TerminalLines(terminal)
    handler = logging.StreamHandler(sys.stdout if as_json else sys.stderr)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    return handler


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    found = getattr(record, "fields", {})
    return found if isinstance(found, dict) else {}
