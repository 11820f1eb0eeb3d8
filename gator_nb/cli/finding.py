"""Which tasks a person means by a word: an id, what an id begins with, or a name."""

from collections.abc import Sequence
from itertools import islice

from ..backends.base import Filter
from ..errors import GatorError, TaskNotFound
from ..gator import Gator
from ..record import Record
from ..tasks.group import records
from .showing import safe, short_id, tell

_LOOKED_AT = 100_000
"""Tasks whose ids are compared with a beginning: seconds at most."""
_NAMED = 5
"""Tasks that are named where a word is not enough."""


class Ambiguous(GatorError):
    """A word that several tasks could be meant by."""


def find(gator: Gator, words: Sequence[str]) -> list[Record]:
    """The tasks that these words mean, in their order, each once.

    A whole id wins, then a name (the newest task of it), then the beginning of one id.

    Raises:
        TaskNotFound, Ambiguous
    """
    for word in words:
        _refuse_addresses(word)
    known = dict(zip(words, gator.backend.get(list(words)), strict=True))
    missing = [word for word, record in known.items() if record is None]
    for word in missing:
        known[word] = _newest_named(gator, word)
    missing = [word for word in missing if known[word] is None]
    if missing:
        known |= _by_beginning(gator, missing)
    return list({one.id: one for one in known.values() if one is not None}.values())


def _newest_named(gator: Gator, name: str) -> Record | None:
    several = list(records(gator.backend, Filter(name=name), 2))
    if len(several) > 1:
        tell(f"{safe(name)}: the newest of that name is {short_id(several[0].id)}")
    return several[0] if several else None


def _by_beginning(gator: Gator, words: Sequence[str]) -> dict[str, Record | None]:
    """One look at the newest tasks serves all the words."""
    everything = records(gator.backend, Filter())
    found: dict[str, list[Record]] = {word: [] for word in words}
    called: dict[str, list[Record]] = {word: [] for word in words}
    for record in islice(everything, _LOOKED_AT):
        if record.label in called:
            called[record.label].append(record)
        for word in words:
            if record.id.startswith(word):
                found[word].append(record)
    complete = next(everything, None) is None
    for word, matching in found.items():
        if not matching:
            raise _none(gator, word, called[word], complete)
    return {word: _only(word, matching) for word, matching in found.items()}


def _none(gator: Gator, word: str, called: Sequence[Record], complete: bool) -> TaskNotFound:
    if called:
        many = f"{len(called)} tasks run" if len(called) > 1 else "1 task runs"
        return TaskNotFound(
            f"{word!r} is no task's id or name; {many} the function of that name: give an id, as "
            f"{short_id(called[0].id)} for the newest"
        )
    among = "" if complete else f" among the newest {_LOOKED_AT:,}; give the whole id"
    return TaskNotFound(
        f"no task in {gator.conn_string} has the id {word!r}, an id that begins so, or that "
        f"name{among}"
    )


def _only(word: str, matching: Sequence[Record]) -> Record:
    if len(matching) == 1:
        return matching[0]
    named = ", ".join(
        f"{one.id[: len(word) + 4]} ({safe(one.label, 30)})" for one in matching[:_NAMED]
    )
    more = f" and {len(matching) - _NAMED} more" if len(matching) > _NAMED else ""
    raise Ambiguous(f"{word!r} begins {len(matching)} ids: {named}{more}; give more of the id")


def _refuse_addresses(word: str) -> None:
    if "://" in word:
        raise TaskNotFound(f"{word!r} is a store, not a task: give it behind --store")
    if not word.strip():
        raise TaskNotFound("an empty word names no task")
