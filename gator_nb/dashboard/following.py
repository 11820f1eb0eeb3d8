"""What one connection to a store shows: counts, workers, and what sessions look at.

`Following.step` asks only for what has changed: a page is read again when a change touches it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, NamedTuple

from ..backends.base import Backend, Filter, Page, Presence
from ..client.reaping import reap
from ..client.workforce import Seen, unserved_lanes, workers
from ..record import Record
from ..states import TERMINAL, Status
from .details import Detail, Watched, needs_of
from .query import Counts, Query, Wanted, fits, resolve
from .searching import SEARCHED, Search

PAGE_SIZE = 50
RECENT = 500
"""Tasks that the charts show."""
_SHORT_PAGES = 20
"""Pages that are asked for where a store may answer with fewer records than there are."""
_PRESENCE_EVERY = 1.0
"""Seconds between two looks at who is there; each opens a lock file a worker."""
_MANY = 5_000
"""Changes after which looking at each costs more than reading every page again."""
_NAMES_EVERY = 10.0
"""Seconds until a worker is known by name that came and left between two looks at who is there."""
_CHARTS_EVERY = 1.0
"""Seconds between two charts; each goes to the browser as a whole."""

_QUEUES_LOOKED_AT = 50
"""Queues whose lanes are looked at each second."""

STARTED = frozenset({Status.RUNNING, *TERMINAL})
"""What the charts show: a backlog would fill them with what has not happened yet."""


class Look(NamedTuple):
    """What a session looks at."""

    query: Query = Query()
    after: int | None = None
    budget: int = SEARCHED
    """Tasks that a search may look at."""
    kept: frozenset[str] = frozenset()
    """Tasks that its browser still shows though they may have left the page."""
    task: str | None = None
    """The one that it shows in all its detail."""
    charts: bool = False


class WorkerSeen(NamedTuple):
    """A registered worker, and whether it lives."""

    presence: Presence
    life: Literal["alive", "silent", "draining"]
    """Silent: it lives as far as anybody can tell, and has not been heard of for a while. Draining:
    it takes nothing more, and ends once what it runs has ended."""


class Stuck(NamedTuple):
    """Waiting tasks of a queue that has workers, none of which takes them."""

    queue: str
    reason: str
    advice: str
    command: str


class Sight(NamedTuple):
    """What a look saw."""

    look: Look
    at: float
    """By the store's clock."""
    counts: Counts
    workers: tuple[WorkerSeen, ...]
    worker_names: Mapping[str, str]
    """By id; of those that left, too."""
    paused: frozenset[str]
    """Queues of which nothing is handed out."""
    page: Page
    searched: int | None
    """How many tasks a search has looked at; None where the store's indexes answered."""
    search: Literal["done", "going", "paused"]
    """It goes on by itself, or waits to be told to."""
    kept: tuple[Record, ...]
    """Those of `look.kept` that are not on the page."""
    detail: Detail | None = None
    recent: tuple[Record, ...] = ()
    """The newest that have started, newest push first; for `look.charts`."""
    stuck: tuple[Stuck, ...] = ()


_Key = tuple[Wanted, int | None]


class Following:
    """Follows one open store. Every method belongs to one thread."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.busy = False
        """A search goes on: the next step is due at once."""
        self._cursor: int | None = None
        self._counts: Counts = {}
        self._workers: tuple[WorkerSeen, ...] = ()
        self._there = frozenset[str]()
        self._worker_names: Mapping[str, str] = {}
        self._names_due = 0.0
        self._workers_due = 0.0
        self._paused: frozenset[str] = frozenset()
        self._stuck: tuple[Stuck, ...] = ()
        self._stuck_before: frozenset[Stuck] = frozenset()
        self._pages: dict[_Key, Page] = {}
        self._searches: dict[_Key, Search] = {}
        self._kept: dict[str, Record | None] = {}
        self._watched: dict[str, Watched] = {}
        self._recent: tuple[Record, ...] | None = None
        self._recent_told: tuple[Record, ...] = ()
        self._recent_due = 0.0

    def step(self, looks: Iterable[Look], now: float) -> list[Sight]:
        """Take what has changed, and answer each look. `now` is any steady clock."""
        wanted = [(look, self._key(look)) for look in looks]
        looks_round = now >= self._workers_due
        if looks_round:
            self._workers_due = now + _PRESENCE_EVERY
            reap(self.backend)
            self._take_workers(now)
        self._take_changes()
        if looks_round:
            self._take_stuck()
        self._take_pages([(key, look.budget) for look, key in wanted])
        self._take_kept([look for look, _ in wanted])
        self._take_recent(any(look.charts for look, _ in wanted), now)
        details = self._details({look.task for look, _ in wanted if look.task is not None})
        at = self.backend.now()
        return [self._sight(look, key, at, details) for look, key in wanted]

    def look_at_workers(self) -> None:
        """Look at workers and paused queues in the next step."""
        self._workers_due = 0.0

    @property
    def worker_names(self) -> Mapping[str, str]:
        """By id; of those that left, too."""
        return self._worker_names

    def wanted(self, query: Query) -> Wanted:
        """The query with the worker that it means."""
        return resolve(query, self._worker_names)

    def _key(self, look: Look) -> _Key:
        return self.wanted(look.query), look.after

    def _sight(self, look: Look, key: _Key, at: float, details: Mapping[str, Detail]) -> Sight:
        search = self._searches.get(key)
        page = Page(search.page(), search.next) if search else self._pages[key]
        on_page = {record.id for record in page.records}
        found = (self._kept[task_id] for task_id in look.kept - on_page)
        return Sight(
            look,
            at,
            self._counts,
            self._workers,
            self._worker_names,
            self._paused,
            page,
            searched=search.searched if search else None,
            search=search.state(look.budget) if search else "done",
            kept=tuple(record for record in found if record is not None),
            detail=details.get(look.task or ""),
            recent=self._recent_told if look.charts else (),
            stuck=self._stuck,
        )

    # -- what changed ----------------------------------------------------------------------

    def _take_workers(self, now: float) -> None:
        self._workers = workers_seen(self.backend)
        self._paused = frozenset(self.backend.paused())
        there = frozenset(seen.presence.id for seen in self._workers)
        if there != self._there or now >= self._names_due:
            self._there, self._names_due = there, now + _NAMES_EVERY
            self._worker_names = self.backend.worker_names()

    def _take_stuck(self) -> None:
        """Told once they were found twice: a worker takes a moment to see what it could serve."""
        queues = [name for name, by_status in self._counts.items() if Status.WAITING in by_status]
        found = stuck_among(self.backend, queues[:_QUEUES_LOOKED_AT], self._workers)
        self._stuck = tuple(one for one in found if one in self._stuck_before)
        self._stuck_before = frozenset(found)

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
        self._searches.clear()
        self._kept.clear()
        self._recent = None

    def _drop_touched(self, touched: list[Record]) -> None:
        for key, page in list(self._pages.items()):
            if any(touches(record, key[0].where, key[1], page) for record in touched):
                del self._pages[key]
        for search in self._searches.values():
            search.take(touched)
        for record in touched:
            if record.id in self._kept:
                self._kept[record.id] = record
        if any(record.worker not in self._worker_names for record in touched if record.worker):
            self._names_due = 0.0
        if self._recent is not None:
            self._recent = recent_with(self._recent, touched)

    # -- what is looked at -----------------------------------------------------------------

    def _take_pages(self, wanted: list[tuple[_Key, int]]) -> None:
        keys = {key for key, _ in wanted}
        self._pages = {key: self._page(key) for key in keys if key[0].indexed}
        self._searches = {key: self._search(key) for key in keys if not key[0].indexed}
        self.busy = False
        budgets: dict[_Key, int] = {}
        for key, budget in wanted:
            budgets[key] = max(budget, budgets.get(key, 0))
        for key, search in self._searches.items():
            if search.goes_on(budgets[key]):
                search.step(self.backend)
            self.busy = self.busy or search.goes_on(budgets[key])

    def _search(self, key: _Key) -> Search:
        return self._searches.get(key) or Search(*key, PAGE_SIZE)

    def _page(self, key: _Key) -> Page:
        known = self._pages.get(key)
        return known or whole_page(self.backend, key[0].where, key[1])

    def _take_kept(self, looks: list[Look]) -> None:
        wanted = frozenset[str]().union(*(look.kept for look in looks))
        tasks = frozenset(look.task for look in looks if look.task is not None)
        self._keep(wanted | tasks)
        needs = frozenset(one for task in tasks for one in needs_of(self._kept[task]))
        if needs:
            self._keep(wanted | tasks | needs)

    def _keep(self, wanted: Collection[str]) -> None:
        unknown = [task_id for task_id in wanted if task_id not in self._kept]
        fresh = dict(zip(unknown, self.backend.get(unknown), strict=True)) if unknown else {}
        known = {**self._kept, **fresh}
        self._kept = {task_id: known[task_id] for task_id in wanted}

    def _take_recent(self, shown: bool, now: float) -> None:
        if not shown:
            self._recent = None
        elif self._recent is None:
            where = Filter(status=STARTED)
            self._recent = tuple(self.backend.page(where, limit=RECENT).records)
        if self._recent is not None and now >= self._recent_due:
            self._recent_due = now + _CHARTS_EVERY
            self._recent_told = self._recent

    def _details(self, tasks: Collection[str]) -> dict[str, Detail]:
        self._watched = {one: self._watched.get(one) or Watched(one) for one in tasks}
        return {
            task_id: watched.look(self.backend, self._kept[task_id], self._kept)
            for task_id, watched in self._watched.items()
        }


def whole_page(backend: Backend, where: Filter, after: int | None) -> Page:
    """A page, put together where the store answers piece by piece."""
    page = backend.page(where, limit=PAGE_SIZE, after=after)
    for _ in range(_SHORT_PAGES):
        if page.next is None or len(page.records) >= PAGE_SIZE:
            break
        more = backend.page(where, limit=PAGE_SIZE - len(page.records), after=page.next)
        page = Page([*page.records, *more.records], more.next)
    return page


def recent_with(recent: tuple[Record, ...], touched: Iterable[Record]) -> tuple[Record, ...]:
    """The newest that have started, after these changed."""
    merged = {record.id: record for record in recent}
    for record in touched:
        if record.status in STARTED:
            merged[record.id] = record
        else:
            merged.pop(record.id, None)
    return tuple(sorted(merged.values(), key=lambda record: -record.seq)[:RECENT])


def touches(record: Record, where: Filter, after: int | None, page: Page) -> bool:
    """Whether a changed record is on a page, or now belongs there."""
    if any(shown.id == record.id for shown in page.records):
        return True
    above = after is None or record.seq < after
    below = page.next is not None and record.seq < page.next
    return above and not below and fits(record, where)


def workers_seen(backend: Backend) -> tuple[WorkerSeen, ...]:
    """The workers that live, oldest first."""
    return tuple(WorkerSeen(one.presence, _life_of(one)) for one in workers(backend))


def _life_of(one: Seen) -> Literal["alive", "silent", "draining"]:
    if one.silent:
        return "silent"
    return "draining" if one.presence.draining else "alive"


def stuck_among(
    backend: Backend, queues: Iterable[str], there: Iterable[WorkerSeen]
) -> list[Stuck]:
    """What waits in these queues though they have workers."""
    seen = [Seen(one.presence, one.life == "silent") for one in there]
    lines = unserved_lanes(backend, queues, seen)
    return [
        Stuck(line.queue, line.reason, line.advice, line.command(backend))
        for line in lines
        if line.missing != "worker"
    ]
