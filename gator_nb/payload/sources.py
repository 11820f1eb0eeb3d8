"""The source of the functions that travel by value, so that a traceback shows the user's own
lines wherever it was raised."""

import linecache
from collections.abc import Iterable
from pathlib import Path
from types import CodeType

Sources = dict[str, dict[str, str]]
"""By file, and by the number of the first line: the lines of a function."""

MAX_SIZE = 32 * 1024
"""Characters that travel with one call; functions past that go without."""


def sources_of(codes: Iterable[CodeType]) -> Sources | None:
    """The source of these functions, as far as it is known here; None when none is."""
    found: Sources = {}
    left = MAX_SIZE
    for code in codes:
        text = _text_of(code)
        if text and len(text) <= left:
            left -= len(text)
            found.setdefault(code.co_filename, {})[str(code.co_firstlineno)] = text
    return found or None


_NONE: frozenset[str] = frozenset()
_known: dict[str, frozenset[str]] = {}
"""By file, the functions whose lines were put there, or are in the file itself; a look at the disk
takes longer."""


def know_sources(sources: Sources | None) -> None:
    """Let tracebacks of this process show these lines; files that are here are left alone."""
    for file, pieces in (sources or {}).items():
        if _known.get(file, _NONE) >= pieces.keys():
            continue
        _known[file] = _known.get(file, _NONE) | pieces.keys()
        if Path(file).exists():
            continue
        known = linecache.cache.get(file)
        lines = list(known[2]) if known is not None and len(known) > 2 else []
        for first, text in pieces.items():
            _put(lines, int(first) - 1, text.splitlines(keepends=True))
        linecache.cache[file] = (sum(map(len, lines)), None, lines, file)


def _put(lines: list[str], start: int, piece: list[str]) -> None:
    missing = start + len(piece) - len(lines)
    if missing > 0:
        lines += ["\n"] * missing
    lines[start : start + len(piece)] = piece


def _text_of(code: CodeType) -> str:
    lines = linecache.getlines(code.co_filename)
    return "".join(lines[code.co_firstlineno - 1 : _last_line(code)])


def _last_line(code: CodeType) -> int:
    """The last line of a function, those within it included."""
    own = max((line for _, _, line in code.co_lines() if line is not None), default=0)
    inner = (_last_line(one) for one in code.co_consts if isinstance(one, CodeType))
    return max(own, *inner, code.co_firstlineno)
