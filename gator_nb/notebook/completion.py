"""What Tab offers behind `%gator` and `%%gator`: verbs, options, statuses, ids and names."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from ..errors import GatorError
from ..profiles import load_profiles
from ..states import TERMINAL, Status
from ..tasks.task import Task
from ..verbs import CELL, MAGICS

if TYPE_CHECKING:
    from .magics import GatorMagics

_ID = "gator_nb"
_COMMANDS = ("%gator", "%%gator")
_LOOKED_AT = 200
"""Tasks that are offered: of the newest ones."""
_SHORT = 8


def complete_words(shell: Any, magics: "GatorMagics") -> None:
    """Offer them in this shell, and nothing beside them; once the extension is unloaded there is
    nothing to offer."""

    @context_matcher(identifier=_ID)  # type: ignore[untyped-decorator]
    def words_of_gator(context: CompletionContext) -> SimpleMatcherResult:
        line = context.text_until_cursor
        command, space, _ = line.lstrip().partition(" ")
        there = shell.magics_manager.registry.get(type(magics).__name__) is magics
        ours = there and space and command in _COMMANDS
        words = offered(magics, line, context.token) if ours else []
        return SimpleMatcherResult(
            completions=list(map(SimpleCompletion, words)), suppress=True, ordered=True
        )

    others = [one for one in shell.Completer.custom_matchers if one.matcher_identifier != _ID]
    shell.Completer.custom_matchers = [*others, words_of_gator]


def offered(magics: "GatorMagics", line: str, begun: str) -> list[str]:
    """The words that may stand at the end of a line.

    Args:
        line: up to the cursor.
        begun: what is there of the word already.
    """
    command, *before = line[: len(line) - len(begun)].split()
    if command == "%%gator":
        words: Iterable[str] = (option.partition(" ")[0] for option, _ in CELL)
    elif not before:
        words = MAGICS
    elif before[0] in MAGICS:
        words = _behind(magics, before)
    else:
        words = ()
    return [word for word in words if word.startswith(begun) and word not in before[1:]]


def _behind(magics: "GatorMagics", before: Sequence[str]) -> list[str]:
    """What may follow a verb."""
    verb = MAGICS[before[0]]
    options, what = list(verb.options), verb.completes
    if what == "statuses":
        return [*map(str, Status), *options]
    if what == "stores":
        return [*load_profiles(), *options]
    if what != "queues" and not what.endswith("tasks"):
        return [*what.split(), *options]
    try:
        if what == "queues":
            return list(magics.stores.mine())
        newest = list(islice(magics.gator, _LOOKED_AT))
    except GatorError:  # a key that is pressed is no place for errors
        return options
    done = {"open tasks": False, "ended tasks": True}.get(what)
    several = [one for one in newest if done is None or (one.status in TERMINAL) is done]
    return [*_words_for(several), *options]


def _words_for(tasks: Iterable[Task]) -> list[str]:
    """The short id of each, and its name where that is one word."""
    several = list(tasks)
    names = [one.name for one in several if one.name and one.name.split() == [one.name]]
    return [*dict.fromkeys(names), *(one.task_id[:_SHORT] for one in several)]
