"""What one connection to a store shows: counts, workers, and the pages that are looked at.

`Following.step` asks only for what has changed: a page is read again when a change touches it.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from ..backends.base import Backend, Filter, Page, Presence
from ..client import reap
from ..constants import RENEW_EVERY
from ..liveness import Life, probe
from ..record import Record
from ..states import Status

PAGE_SIZE = 50
_PRESENCE_EVERY = 1.0
"""Seconds between two looks at who is there; each opens a lock file a worker."""
_SILENT_AFTER = 3 * RENEW_EVERY
_MANY = 5_000
"""Changes after which looking at each costs more than reading every page again."""

Counts = Mapping[str, Mapping[Status, int]]
"""By queue and status."""


class Look(NamedTuple):
    """What a session looks at."""

    where: Filter = Filter()
    after: int | None = None
    kept: frozenset[str] = frozenset()
    """Tasks that its browser still shows though they may have left the page."""


class WorkerSeen(NamedTuple):
    """A registered worker, and whether it lives."""

    presence: Presence
    life: Literal["alive", "silent"]
    """Silent: it lives as far as anybody can tell, and has not been heard of for a while."""


class Sight(NamedTuple):
    """What a look saw."""

    look: Look
    at: float
    """By the store's clock."""
    counts: Counts
    workers: tuple[WorkerSeen, ...]
    page: Page
    kept: tuple[Record, ...]
    """Those of `look.kept` that are not on the page."""


class Following:
    """Follows one open store. Every method belongs to one thread."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._cursor: int | None = None
        self._counts: Counts = {}
        self._workers: tuple[WorkerSeen, ...] = ()
        self._workers_due = 0.0
        self._pages: dict[tuple[Filter, int | None], Page] = {}
        self._kept: dict[str, Record | None] = {}

    def step(self, looks: Iterable[Look], now: float) -> list[Sight]:
        """Take what has changed, and answer each look. `now` is any steady clock."""
        wanted = list(looks)
        if now >= self._workers_due:
            self._workers_due = now + _PRESENCE_EVERY
            reap(self.backend)
            self._workers = workers_seen(self.backend)
        self._take_changes()
        keys = {(look.where, look.after) for look in wanted}
        self._pages = {key: self._page(key) for key in keys}
        self._take_kept(frozenset().union(*(look.kept for look in wanted)))
        at = self.backend.now()
        return [self._sight(look, at) for look in wanted]

    def _sight(self, look: Look, at: float) -> Sight:
        page = self._pages[look.where, look.after]
        on_page = {record.id for record in page.records}
        found = (self._kept[task_id] for task_id in look.kept - on_page)
        kept = tuple(record for record in found if record is not None)
        return Sight(look, at, self._counts, self._workers, page, kept)

    def _take_changes(self) -> None:
        touched: list[Record] = []
        while True:
            records, self._cursor, reset = self.backend.changes(self._cursor)
            touched += records
            if reset or len(touched) > _MANY:
                self._start_anew()
                return
            if not records:
                break
        if touched:
            self._counts = self.backend.counts()
            self._drop_touched(touched)

    def _start_anew(self) -> None:
        self._cursor = self.backend.changes(None).cursor
        self._counts = self.backend.counts()
        self._pages.clear()
        self._kept.clear()

    def _drop_touched(self, touched: list[Record]) -> None:
        for key, page in list(self._pages.items()):
            if any(touches(record, key[0], key[1], page) for record in touched):
                del self._pages[key]
        for record in touched:
            if record.id in self._kept:
                self._kept[record.id] = record

    def _page(self, key: tuple[Filter, int | None]) -> Page:
        known = self._pages.get(key)
        return known or self.backend.page(key[0], limit=PAGE_SIZE, after=key[1])

    def _take_kept(self, wanted: frozenset[str]) -> None:
        unknown = [task_id for task_id in wanted if task_id not in self._kept]
        fresh = dict(zip(unknown, self.backend.get(unknown), strict=True))
        self._kept = {task_id: self._kept.get(task_id, fresh.get(task_id)) for task_id in wanted}


def touches(record: Record, where: Filter, after: int | None, page: Page) -> bool:
    """Whether a changed record is on a page, or now belongs there."""
    if any(shown.id == record.id for shown in page.records):
        return True
    above = after is None or record.seq < after
    below = page.next is not None and record.seq < page.next
    return above and not below and (where.status is None or record.status in where.status)


def workers_seen(backend: Backend) -> tuple[WorkerSeen, ...]:
    """The workers that live, oldest first."""
    now = backend.now()
    seen = []
    for presence in backend.presences():
        if presence.kind != "worker":
            continue
        silence = now - presence.renewed
        life = probe(presence.lock, presence.boot)
        gone = life is Life.DEAD or (life is Life.UNKNOWN and silence > presence.lease)
        if not gone:
            seen.append(WorkerSeen(presence, "silent" if silence > _SILENT_AFTER else "alive"))
    return tuple(seen)
