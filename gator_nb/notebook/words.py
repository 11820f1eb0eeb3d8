"""The words behind `%gator` and `%%gator`, taken apart; which there are stands in `verbs.py`."""

import argparse
import shlex
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from IPython.core.error import UsageError

from ..needs import Needs, capacity
from ..verbs import CELL, MAGICS

_WIDEST = 44
"""Characters of the left side of the help; what is wider has a line of its own."""


class _Parser(argparse.ArgumentParser):
    """Tells what it does not understand in a line, and ends nothing."""

    def __init__(self, verb: str) -> None:
        command = verb if verb.startswith("%") else f"%gator {verb}"
        super().__init__(command, add_help=False, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.format_usage().strip()}\n{message}")


def connect_words(words: Sequence[str]) -> argparse.Namespace:
    """`where`, a name or an address, or None; `save`, a name or None."""
    parser = _Parser("connect")
    parser.add_argument("where", nargs="?", metavar="NAME|ADDRESS")
    parser.add_argument("--save", metavar="NAME")
    found = parser.parse_args(words)
    if found.save and not found.where:
        parser.error("--save needs the address to save")
    return found


def worker_words(words: Sequence[str]) -> argparse.Namespace:
    """`do`, "start" or "stop"; `threads` and `processes`, numbers or None; `detach`; `has`, what
    it has for tasks with needs, or None."""
    parser = _Parser("worker")
    parser.add_argument("do", choices=("start", "stop"))
    number = parser.add_mutually_exclusive_group()
    number.add_argument("--threads", type=int, metavar="N")
    number.add_argument("--processes", type=int, metavar="N")
    parser.add_argument("--detach", action="store_true")
    parser.add_argument("--has", type=_capacity, action="append", metavar="NAME=AMOUNT")
    found = parser.parse_args(words)
    found.has = {name: one[name] for one in found.has or () for name in one} or None
    if found.do == "stop" and (found.threads or found.processes or found.detach or found.has):
        parser.error("stop takes no more words")
    if found.detach and not found.processes:
        parser.error("--detach is for --processes, which can outlive this kernel")
    return found


def _capacity(word: str) -> Needs:
    try:
        return capacity(word)
    except (TypeError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


class CellWords(NamedTuple):
    """What `%%gator` is told."""

    options: dict[str, Any]
    """For `gator.options`."""
    out: list[str]
    block: bool
    no_card: bool


def cell_words(line: str) -> CellWords:
    """The words behind `%%gator`.

    >>> cell_words("--name fit --out model --timeout 2h").options
    {'name': 'fit', 'timeout': '2h'}
    """
    parser = _Parser("%%gator")
    for option, does in CELL:
        flag, _, value = option.partition(" ")
        if flag == "--out":
            parser.add_argument(flag, action="append", default=[], metavar=value, help=does)
        elif value:
            kind = int if value == "N" else str
            parser.add_argument(flag, type=kind, metavar=value, help=does)
        else:
            parser.add_argument(flag, action="store_true", help=does)
    found = parser.parse_args(split(line, "%%gator"))
    out = [name.strip() for one in found.out for name in one.split(",")]
    for name in out:
        if not name.isidentifier():
            parser.error(f"--out {name!r}: give the name of a variable")
    options = {
        "name": found.name,
        "timeout": _seconds(found.timeout),
        "retries": found.retries,
        "run_in": "process" if found.process else None,
        "reuse": found.reuse or None,
    }
    given = {name: value for name, value in options.items() if value is not None}
    return CellWords(given, list(dict.fromkeys(out)), found.block, found.no_card)


def _seconds(text: str | None) -> float | str | None:
    """A bare number is one of seconds."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text


def split(line: str, command: str = "%gator") -> list[str]:
    """Words as a shell has them, with quotes.

    Raises:
        UsageError
    """
    try:
        return shlex.split(line)
    except ValueError as error:
        raise UsageError(f"{command}: {error}") from None


def help_text() -> str:
    """All that `%gator` and `%%gator` know, from the table."""
    verbs = [(f"%gator {name} {one.words}".rstrip(), one.does) for name, one in MAGICS.items()]
    rows = [*verbs, ("%%gator OPTIONS", "Run this cell in the background."), *_indented(CELL)]
    width = max(len(said) for said, _ in rows if len(said) <= _WIDEST)
    lines = [
        f"{said:{width}}  {does}" if len(said) <= width else f"{said}\n{'':{width}}  {does}"
        for said, does in rows
    ]
    return "\n".join(lines)


def _indented(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(f"  {said}", does) for said, does in rows]
