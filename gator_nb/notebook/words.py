"""The words behind `%gator connect` and `%gator worker`, taken apart."""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from IPython.core.error import UsageError

from ..needs import Needs, capacity


class _Parser(argparse.ArgumentParser):
    """Tells what it does not understand in a line, and ends nothing."""

    def __init__(self, verb: str) -> None:
        super().__init__(f"%gator {verb}", add_help=False, allow_abbrev=False)

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
