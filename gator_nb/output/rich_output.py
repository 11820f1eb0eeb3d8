"""Figures, tables and other displays in a task's log, in order with its text.

One is an application program command, which terminals skip: ESC _ gator_nb; JSON in base64 ESC \\.
The JSON is what Jupyter calls a MIME bundle: {"data": {type: text}, "metadata": {...}}.
"""

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

_START, _END = b"\x1b_gator_nb;", b"\x1b\\"
MAX_SIZE = 4 * 1024 * 1024
"""Bytes that one display may take in a log; what is larger is left out and said so."""


class Display(NamedTuple):
    """Something shown: texts by MIME type; images are in base64."""

    data: dict[str, str]
    metadata: dict[str, Any]


def encoded(shown: Display) -> bytes:
    """A display as it stands in a log; one too large becomes a line that says so.

    >>> Splitter().feed(encoded(Display({"text/plain": "x"}, {})))
    [Display(data={'text/plain': 'x'}, metadata={})]
    """
    text = json.dumps(shown._asdict(), default=str).encode()
    if len(text) > MAX_SIZE:
        kinds = ", ".join(shown.data)
        return f"[a display of {len(text):,} bytes ({kinds}) is left out]\n".encode()
    return _START + base64.b64encode(text) + _END


class Splitter:
    """Takes a log apart, piece by piece as it comes."""

    def __init__(self) -> None:
        self._pending = b""

    def feed(self, data: bytes) -> list[bytes | Display]:
        """The text and the displays that are complete by now, in order."""
        return [_decoded(unit) or unit for unit in self.units(data)]

    def units(self, data: bytes) -> Iterator[bytes]:
        """That, the displays still encoded."""
        self._pending += data
        while self._pending:
            start = self._pending.find(_START)
            if start < 0:
                keep = _overlap(self._pending, _START)
                yield from self._cut(len(self._pending) - keep)
                return
            yield from self._cut(start)
            end = self._pending.find(_END, len(_START))
            if end < 0 and len(self._pending) <= 2 * MAX_SIZE:
                return
            yield from self._cut(end + len(_END) if end >= 0 else len(self._pending))

    def rest(self) -> bytes:
        """What was begun and will not be completed."""
        rest, self._pending = self._pending, b""
        return rest

    def _cut(self, size: int) -> Iterator[bytes]:
        if size:
            unit, self._pending = self._pending[:size], self._pending[size:]
            yield unit


def is_display(unit: bytes) -> bool:
    return unit.startswith(_START)


def split(log: bytes) -> list[bytes | Display]:
    """The text and the displays of a whole log, in order."""
    splitter = Splitter()
    pieces = splitter.feed(log)
    rest = splitter.rest()
    return [*pieces, rest] if rest else pieces


def text_of(log: bytes) -> bytes:
    """A log as plain text: a display is what it would be in a terminal.

    >>> text_of(b"a " + encoded(Display({"text/plain": "<Figure>"}, {})) + b"b")
    b'a <Figure>\\nb'
    """
    return b"".join(as_text(piece) for piece in split(log))


def as_text(piece: bytes | Display) -> bytes:
    """A piece of a log as plain text."""
    if isinstance(piece, bytes):
        return piece
    plain = piece.data.get("text/plain", "")
    return f"{plain}\n".encode("utf-8", "replace") if plain else b""


def displays_of(log: bytes) -> list[Display]:
    """The displays in a log."""
    return [piece for piece in split(log) if isinstance(piece, Display)]


def _decoded(unit: bytes) -> Display | None:
    """None for text, and for what only looks like a display."""
    if not (unit.startswith(_START) and unit.endswith(_END)):
        return None
    try:
        found = json.loads(base64.b64decode(unit[len(_START) : -len(_END)], validate=True))
        data, metadata = found["data"], found["metadata"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None
    if not isinstance(data, dict) or not isinstance(metadata, dict):
        return None
    return Display({str(kind): str(value) for kind, value in data.items()}, metadata)


def _overlap(data: bytes, mark: bytes) -> int:
    """How many bytes at the end of `data` may be the beginning of `mark`."""
    most = min(len(data), len(mark) - 1)
    return next((n for n in range(most, 0, -1) if mark.startswith(data[-n:])), 0)
