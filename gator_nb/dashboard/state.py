"""What one session sees and does, as parameters that views watch. No Panel in here."""

import threading
from collections.abc import Callable, Collection, Sequence
from typing import Any

import param

from ..errors import GatorError, StoreUnavailable, TaskNotFound
from ..record import Record
from ..states import FAILED, SUCCESS
from .details import Detail
from .export import Export, Format, Piece
from .following import PAGE_SIZE, Look, Sight, Stuck, WorkerSeen
from .jobs import Bulk, Many, OneTask, PauseQueue, Verb
from .poller import Poller, poller_for
from .query import (
    LIMIT,
    STATUSES_OF,
    BadFilter,
    Query,
    parse,
    tile_of,
    with_status,
)
from .searching import SEARCHED
from .summary import ALL, WORKERS, matching_count, tile_counts, unserved_queues, unstarted
from .text import safe

SOME = "some"
"""What a filter shows that no tile stands for."""

_DONE = {
    "cancel": "canceled", "stop": "stopped", "retry": "pushed", "pause": "paused",
    "resume": "resumed",
}  # fmt: skip
_ID_LIMIT = 200
READ_ONLY = "This page only shows: it was served with --read-only."

Schedule = Callable[[Callable[[], None]], None]
"""Runs a function soon, on the thread that the session belongs to."""


class Session(param.Parameterized):
    """A browser's window on the store. `close()` it when that is gone.

    Parameters are changed on the session's own thread only, several at once.
    """

    shown: Any = param.Selector(default=ALL, objects=[ALL, *STATUSES_OF, WORKERS, SOME])
    filter_text = param.String(doc="The filter line, as typed.")
    filter_trouble = param.String(doc="Why the filter line means nothing; the last one holds.")
    health: Any = param.Selector(default="opening", objects=["opening", "live", "lost"])
    trouble = param.String(doc="Why the store cannot be shown.")
    seen_at = param.Number(default=0.0, doc="When it was last seen, by its own clock.")
    counts = param.Dict(default={}, doc="How many each tile stands for.")
    unserved = param.Dict(default={}, doc="Queues with ready tasks that no live worker serves.")
    stuck = param.List(default=[], item_type=Stuck, doc="What waits beside workers of other kinds.")
    queues = param.Dict(default={}, doc="How many tasks of each have not started.")
    paused = param.List(default=[], item_type=str, doc="Queues of which nothing is handed out.")
    workers = param.List(default=[], item_type=WorkerSeen)
    worker_names = param.Dict(default={}, doc="By id; of those that left, too.")
    records = param.List(default=[], item_type=Record, doc="One page, newest first.")
    left = param.List(
        default=[], item_type=Record, doc="On screen, though they have left the page."
    )
    recent_seen = param.Integer(default=0, doc="Grows when `recent` is another.")
    matching = param.Integer(default=None, allow_None=True, doc="How many fit; None: unknown.")
    searched = param.Integer(
        default=None, allow_None=True, doc="How many were looked at; None: no search was needed."
    )
    search: Any = param.Selector(default="done", objects=["done", "going", "paused"])
    page_number = param.Integer(default=1, bounds=(1, None))
    has_older = param.Boolean(default=False)
    task = param.String(default="", doc="The id of the task that is shown in all its detail.")
    detail = param.ClassSelector(class_=Detail, default=None, allow_None=True)
    bulk = param.ClassSelector(class_=Bulk, default=None, allow_None=True)
    piece = param.ClassSelector(class_=Piece, default=None, allow_None=True, doc="Of an export.")
    notice = param.String(doc="What came of the last click, when it is not what was asked for.")

    def __init__(
        self,
        dsn: str,
        schedule: Schedule,
        poller: Poller | None = None,
        *,
        read_only: bool = False,
        charts: bool = False,
        present: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__()
        self.dsn = dsn
        self.read_only = read_only
        self.look = Look(charts=charts)
        self.recent: tuple[Record, ...] = ()
        """The newest tasks that have started; `recent_seen` tells of it."""
        self._schedule = schedule
        self._present = present
        self._newer: list[int | None] = []
        self._next: int | None = None
        self._pending: Sight | str | None = None
        self._delivery = threading.Lock()
        self._many: Many | None = None
        self._export: Export | None = None
        self._poller = poller or poller_for(dsn)
        self._poller.attach(self)

    # -- what a person looks at --------------------------------------------------------------

    def show(self, tile: str) -> None:
        """Show what a tile stands for; the tile that is shown already: without its filter.

        Raises:
            ValueError: there is no such tile.
        """
        if tile == WORKERS:
            self.shown = self._tile() if self.shown == WORKERS else WORKERS
            return
        if tile not in (ALL, *STATUSES_OF):
            raise ValueError(f"there is no tile {tile!r}")
        off = tile in (ALL, self.shown)
        self.filter(with_status(self.filter_text, None if off else tile))

    def filter(self, text: str) -> None:
        """Show the tasks that fit a filter line; one that means nothing is told, and not taken."""
        text = " ".join(text[: LIMIT + 1].split())
        try:
            query = parse(text)
        except BadFilter as error:
            self.param.update(filter_text=text, filter_trouble=str(error))
            return
        self._newer, self._next = [], None
        self.look = self.look._replace(query=query, after=None, budget=SEARCHED)
        self.param.update(
            filter_text=text, filter_trouble="", page_number=1, shown=self._tile(),
            matching=None, searched=None, search="going",
        )  # fmt: skip
        self._poller.wake()

    def search_on(self) -> None:
        """Look through as many tasks again."""
        if self.searched is not None and self.search == "paused":
            self.search = "going"
            self._look_at(self.look._replace(budget=self.searched + SEARCHED), self.page_number)

    def go_older(self) -> None:
        """Show the page of tasks pushed before this one's."""
        if self._next is not None:
            self._newer.append(self.look.after)
            look = self.look._replace(after=self._next, budget=SEARCHED)
            self._next = None
            self._look_at(look, self.page_number + 1)

    def go_newer(self) -> None:
        """Show the page before."""
        if self._newer:
            look = self.look._replace(after=self._newer.pop(), budget=SEARCHED)
            self._look_at(look, self.page_number - 1)

    def keep(self, ids: Collection[str]) -> None:
        """Go on telling the truth about these, whether or not they stay on the page."""
        self.look = self.look._replace(kept=frozenset(list(ids)[: 2 * PAGE_SIZE]))
        self._poller.wake()

    def open_task(self, task_id: str) -> None:
        """Show one task in all its detail; "" shows none."""
        task_id = task_id[:_ID_LIMIT]
        self.param.update(task=task_id, detail=None)
        self.look = self.look._replace(task=task_id or None)
        self._poller.wake()

    # -- what a person does ----------------------------------------------------------------

    def cancel(self, task_id: str) -> None:
        """Ask the store to cancel the task of this id, whatever it has become meanwhile."""
        self._do("cancel", task_id)

    def force_stop(self, task_id: str) -> None:
        """Ask for its process to be ended without waiting for its code."""
        self._do("stop", task_id)

    def retry(self, task_id: str) -> None:
        """Run the task of this id again, as a new one, and open that."""
        self._do("retry", task_id)

    def do_to(self, verb: Verb, ids: Sequence[str]) -> None:
        """Do it to these tasks, as far as it is meant for what they are by then."""
        self._begin(verb, ids)

    def do_to_matching(self, verb: Verb) -> None:
        """Count the tasks that fit the filter and that the verb is meant for; `confirm` goes on."""
        self._begin(verb, self.look.query)

    def confirm(self) -> None:
        """Do it to as many tasks as were counted."""
        if self._many is not None and self.bulk is not None and self.bulk.phase == "asking":
            self._many.confirm()
            self.bulk = self._many.stands
            self._poller.do(self._many)

    def dismiss(self) -> None:
        """Not that, or no more of it; or what came of it has been read."""
        if self._many is not None:
            self._many.stop()
        self._many, self.bulk = None, None

    def pause(self, queue: str, *, on: bool = True) -> None:
        """Hand out nothing of a queue until it is called with `on` False; what runs goes on."""
        if self._may() and queue in (*self.queues, *self.paused):
            verb = "pause" if on else "resume"
            self._poller.do(PauseQueue(queue, on, lambda error: self._fail(verb, error)))

    def export(self, made: Format) -> None:
        """Write what the filter finds, all of it; `piece` has its first part."""
        self.stop_export()

        def told(piece: Piece) -> None:
            self._schedule(lambda: self._take_piece(export, piece))

        export = self._export = Export(self.look.query, made, told)
        self._poller.do(export)

    def export_on(self) -> None:
        """The piece is there: write the next."""
        if self._export is not None and self.piece is not None and self.piece.more:
            self._poller.do(self._export)

    def stop_export(self) -> None:
        """Write no more of it. May be repeated."""
        if self._export is not None:
            self._export.stop()
        self._export = self.piece = None

    def close(self) -> None:
        """Look no longer. May be repeated."""
        self.stop_export()
        self._poller.detach(self)

    def _may(self) -> bool:
        if self.read_only:
            self.notice = READ_ONLY
        return not self.read_only

    def _do(self, verb: Verb, task_id: str) -> None:
        if not self._may():
            return

        def answer(found: Record | GatorError) -> None:
            self._schedule(lambda: self._done(verb, found))

        self._poller.do(OneTask(verb, task_id, answer))

    def _begin(self, verb: Verb, wanted: Query | Sequence[str]) -> None:
        if not self._may() or (self.bulk is not None and self.bulk.open):
            return
        many = Many(verb, wanted, lambda bulk: self._schedule(lambda: self._progress(many, bulk)))
        self._many, self.bulk = many, many.stands
        self._poller.do(many)

    # -- what the poller tells, on its thread ------------------------------------------------

    def see(self, sight: Sight) -> None:
        self._deliver(sight)

    def lose(self, trouble: str) -> None:
        self._deliver(trouble)

    def _deliver(self, news: Sight | str) -> None:
        """Only the newest counts: a session that is slow skips what it missed, and one whose
        browser has gone costs nothing."""
        if not self._present():
            return
        with self._delivery:
            waiting, self._pending = self._pending is not None, news
        if not waiting:
            self._schedule(self._apply)

    # -- on the session's thread -------------------------------------------------------------

    def _note(self, text: str) -> None:
        self.notice = text

    def _done(self, verb: Verb, found: Record | GatorError) -> None:
        self.notice = said(verb, found)
        if verb == "retry" and isinstance(found, Record) and self.task:
            self.open_task(found.id)

    def _fail(self, verb: str, error: GatorError) -> None:
        text = said(verb, error)
        self._schedule(lambda: self._note(text))

    def _progress(self, many: Many, bulk: Bulk) -> None:
        if many is self._many:
            self.bulk = bulk

    def _take_piece(self, export: Export, piece: Piece) -> None:
        if export is self._export:
            self.piece = piece

    def _apply(self) -> None:
        with self._delivery:
            news, self._pending = self._pending, None
        if isinstance(news, str):
            self.param.update(health="lost", trouble=news)
        elif news is not None:
            updates = self._updates(news)
            # param compares field by field in Python, and once for each that watches.
            self.param.update(**{k: v for k, v in updates.items() if getattr(self, k) != v})

    def _updates(self, sight: Sight) -> dict[str, Any]:
        counts = tile_counts(sight)
        updates: dict[str, Any] = {
            "health": "live",
            "trouble": "",
            "seen_at": sight.at,
            "counts": counts,
            "unserved": unserved_queues(sight.counts, sight.workers),
            "stuck": list(sight.stuck),
            "queues": unstarted(sight),
            "paused": sorted(sight.paused),
            "workers": list(sight.workers),
            "worker_names": dict(sight.worker_names),
        }
        if sight.recent is not self.recent:
            self.recent = sight.recent
            updates["recent_seen"] = self.recent_seen + 1
        if sight.look[:3] == self.look[:3]:
            self._next = sight.page.next
            updates |= {
                "records": sight.page.records,
                "left": list(sight.kept),
                "has_older": sight.page.next is not None,
                "searched": sight.searched,
                "search": sight.search,
                "matching": matching_count(sight, self.page_number),
            }
        if sight.look.task == self.look.task:
            updates["detail"] = sight.detail
        return updates

    def _look_at(self, look: Look, page_number: int) -> None:
        self.look = look
        self.page_number = page_number
        self._poller.wake()

    def _tile(self) -> str:
        """The tile that the filter stands for."""
        query = self.look.query
        if query == Query():
            return ALL
        return tile_of(query) or SOME


def said(verb: str, found: Record | GatorError) -> str:
    """What a person must be told of a click; nothing where the row says it."""
    if isinstance(found, TaskNotFound):
        return "That task is not in the store any more."
    if isinstance(found, StoreUnavailable):
        done = _DONE[verb]
        return f"The store cannot be reached: nothing is known to be {done}."
    if isinstance(found, GatorError):
        return safe(str(found), 300)
    if verb != "retry" and found.status in (SUCCESS, FAILED):
        ended = "finished" if found.status is SUCCESS else "failed"
        return f"{safe(found.label, 80)} had already {ended}: there was nothing to cancel."
    return ""
