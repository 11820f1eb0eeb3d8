"""The filter line: what a person types, as what a store can be asked.

    status:failed queue:etl name:"load table" tag:sweep worker:lab-1 id:3f2a error:timeout words

Without a key, a word is looked for in names, errors, queues, tags and at the beginning of ids.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from ..backends.base import EVERYTHING, Filter
from ..record import Record
from ..states import (
    CANCELED,
    FAILED,
    RUNNING,
    SUCCESS,
    UNSTARTED,
    Status,
    status_of,
)

STATUSES_OF: dict[str, frozenset[Status]] = {
    "queued": UNSTARTED,
    "running": frozenset({RUNNING}),
    "finished": frozenset({SUCCESS}),
    "failed": frozenset({FAILED}),
    "canceled": frozenset({CANCELED}),
}
"""The words for statuses that tiles stand for."""

KEYS = ("status", "queue", "name", "tag", "worker", "id", "error")
_TERM = re.compile(r'(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))', re.IGNORECASE)
Counts = Mapping[str, Mapping[Status, int]]
"""How many tasks there are, by queue and status."""

LIMIT = 500
"""Characters of a filter; what is longer was not typed by a person."""


class BadFilter(ValueError):
    """A filter that means nothing; the text has the mend."""


class Query(NamedTuple):
    """Which tasks; everything that is given must hold."""

    where: Filter = EVERYTHING
    worker: str | None = None
    """A worker's name or id, as typed."""
    id: str | None = None
    """An id, or what it begins with."""
    errors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def by_status_alone(self) -> bool:
        """The store's counters know how many there are."""
        return self == Query(Filter(status=self.where.status, queue=self.where.queue))


class Wanted(NamedTuple):
    """A query that knows which worker is meant: what the store narrows down, and what is left."""

    where: Filter
    workers: frozenset[str] = frozenset()
    id: str | None = None
    errors: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    @property
    def indexed(self) -> bool:
        """The store answers it by itself."""
        return not (self.workers or self.id or self.errors or self.words)

    def fits(self, record: Record) -> bool:
        return self._fits_rest(record) and fits(record, self.where)

    def _fits_rest(self, record: Record) -> bool:
        if self.workers and record.worker not in self.workers:
            return False
        if self.id and not record.id.startswith(self.id):
            return False
        error = (record.error or "").casefold()
        if not all(word in error for word in self.errors):
            return False
        return not self.words or _mentions(record, error, self.words)


def parse(text: str) -> Query:
    """What a filter line asks for.

    Raises:
        BadFilter: a status that there is not, or one of two things that can only be one.

    >>> parse("status:failed lr=0.1").words
    ('lr=0.1',)
    """
    if len(text) > LIMIT:
        raise BadFilter(f"a filter has {LIMIT} characters at most")
    given: dict[str, list[str]] = {}
    for key, quoted, plain in _TERM.findall(text):
        key, value = key.lower(), quoted or plain
        if key and key not in KEYS:
            key, value = "", f"{key}:{value}"
        if value:
            given.setdefault(key, []).append(value)
    where = Filter(
        status=_statuses(given.get("status", [])),
        queue=_only(given, "queue"),
        name=_only(given, "name"),
        tag=_only(given, "tag"),
    )
    errors = tuple(word.casefold() for word in given.get("error", []))
    words = tuple(word.casefold() for word in given.get("", []))
    return Query(where, _only(given, "worker"), _only(given, "id"), errors, words)


def resolve(query: Query, names: Mapping[str, str]) -> Wanted:
    """Find the worker that is meant among those that were seen (names by id)."""
    where, worker = query.where, query.worker
    workers: frozenset[str] = frozenset()
    if worker is not None:
        meant = frozenset(one for one, name in names.items() if worker in (one, name))
        if len(meant) > 1:
            workers = meant
        else:
            where = where._replace(worker=next(iter(meant), worker))
    return Wanted(where, workers, query.id, query.errors, query.words)


def fits(record: Record, where: Filter) -> bool:
    """Whether a store would list a record under this filter."""
    return (
        (where.status is None or record.status in where.status)
        and (where.tag is None or where.tag in record.tags)
        and all(
            getattr(where, field) in (None, getattr(record, field))
            for field in ("queue", "name", "worker", "session", "group", "call_key")
        )
    )


def counted(counts: Counts, where: Filter) -> int:
    """How many tasks the counters have in these statuses and this queue."""
    return sum(
        n
        for queue, by_status in counts.items()
        for status, n in by_status.items()
        if where.queue in (None, queue) and (where.status is None or status in where.status)
    )


def with_status(text: str, word: str | None) -> str:
    """The filter line with this status alone, or with none.

    >>> with_status("queue:etl status:failed oops", "running")
    'status:running queue:etl oops'
    """
    rest = [m.group(0) for m in _TERM.finditer(text) if (m.group(1) or "").lower() != "status"]
    return " ".join([*([f"status:{word}"] if word else []), *rest])


def tile_of(query: Query) -> str | None:
    """The tile that stands for the statuses of a query."""
    found = (tile for tile, statuses in STATUSES_OF.items() if statuses == query.where.status)
    return next(found, None)


def _statuses(words: list[str]) -> frozenset[Status] | None:
    several = [one for word in words for one in word.lower().split(",") if one]
    found = frozenset[Status]().union(*(_status(word) for word in several))
    return found or None


def _status(word: str) -> frozenset[Status]:
    try:
        return STATUSES_OF.get(word) or frozenset({status_of(word)})
    except ValueError:
        known = ", ".join([*STATUSES_OF, *(str(one) for one in sorted(UNSTARTED))])
        raise BadFilter(f"no status is called {word!r}; there are {known}") from None


def _only(given: Mapping[str, list[str]], key: str) -> str | None:
    values = list(dict.fromkeys(given.get(key, [])))
    if len(values) > 1:
        raise BadFilter(f"a task has one {key} only: give one `{key}:`, not {len(values)}")
    return values[0] if values else None


def _mentions(record: Record, error: str, words: tuple[str, ...]) -> bool:
    said = f"{record.label.casefold()}\n{record.queue.casefold()}\n{error}"
    tags = [tag.casefold() for tag in record.tags]
    return all(
        word in said or record.id.startswith(word) or any(word in tag for tag in tags)
        for word in words
    )
