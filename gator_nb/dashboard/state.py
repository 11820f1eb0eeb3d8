"""What one session sees and does, as parameters that views watch. No Panel in here."""

import threading
from collections.abc import Callable, Collection
from typing import Any

import param

from ..backends.base import Filter
from ..constants import EVERY
from ..errors import GatorError, StoreUnavailable, TaskNotFound
from ..record import Record
from ..states import (
    CANCELED,
    DELAYED,
    FAILED,
    RETRYING,
    RUNNING,
    SUCCESS,
    UNSTARTED,
    WAITING,
    Status,
)
from .following import PAGE_SIZE, Counts, Look, Sight, WorkerSeen
from .poller import CancelRequest, Poller, poller_for
from .text import safe

ALL = "all"
WORKERS = "workers"
STATUSES_OF: dict[str, frozenset[Status]] = {
    "queued": UNSTARTED,
    "running": frozenset({RUNNING}),
    "finished": frozenset({SUCCESS}),
    "failed": frozenset({FAILED}),
    "canceled": frozenset({CANCELED}),
}
"""The tiles that filter tasks."""

_READY = frozenset({WAITING, DELAYED, RETRYING})
"""What a worker would take by itself; a blocked task waits for something else."""

_NAMES_KEPT = 500

Schedule = Callable[[Callable[[], None]], None]
"""Runs a function soon, on the thread that the session belongs to."""


class Session(param.Parameterized):
    """A browser's window on the store. `close()` it when that is gone.

    Parameters are changed on the session's own thread only, several at once.
    """

    shown: Any = param.Selector(default=ALL, objects=[ALL, *STATUSES_OF, WORKERS])
    health: Any = param.Selector(default="opening", objects=["opening", "live", "lost"])
    trouble = param.String(doc="Why the store cannot be shown.")
    seen_at = param.Number(default=0.0, doc="When it was last seen, by its own clock.")
    counts = param.Dict(default={}, doc="How many each tile stands for.")
    unserved = param.Dict(default={}, doc="Queues with ready tasks that no live worker serves.")
    workers = param.List(default=[], item_type=WorkerSeen)
    worker_names = param.Dict(default={}, doc="By id; of those that left, too.")
    records = param.List(default=[], item_type=Record, doc="One page, newest first.")
    left = param.List(
        default=[], item_type=Record, doc="On screen, though they have left the page."
    )
    page_number = param.Integer(default=1, bounds=(1, None))
    has_older = param.Boolean(default=False)
    notice = param.String(doc="What came of the last click, when it is not what was asked for.")

    def __init__(self, dsn: str, schedule: Schedule, poller: Poller | None = None) -> None:
        super().__init__()
        self.dsn = dsn
        self.look = Look()
        self._schedule = schedule
        self._newer: list[int | None] = []
        self._next: int | None = None
        self._pending: Sight | str | None = None
        self._delivery = threading.Lock()
        self._poller = poller or poller_for(dsn)
        self._poller.attach(self)

    # -- what a person does ----------------------------------------------------------------

    def show(self, tile: str) -> None:
        """Show what a tile stands for; the tile that is shown already: everything again.

        Raises:
            ValueError: there is no such tile.
        """
        self.shown = ALL if tile == self.shown else tile
        self._newer, self._next = [], None
        self._look_at(Filter(status=STATUSES_OF.get(self.shown)), None, page_number=1)

    def go_older(self) -> None:
        """Show the page of tasks pushed before this one's."""
        if self._next is not None:
            self._newer.append(self.look.after)
            self._look_at(self.look.where, self._next, page_number=self.page_number + 1)

    def go_newer(self) -> None:
        """Show the page before."""
        if self._newer:
            self._look_at(self.look.where, self._newer.pop(), page_number=self.page_number - 1)

    def keep(self, ids: Collection[str]) -> None:
        """Go on telling the truth about these, whether or not they stay on the page."""
        self.look = self.look._replace(kept=frozenset(list(ids)[: 2 * PAGE_SIZE]))
        self._poller.wake()

    def cancel(self, task_id: str) -> None:
        """Ask the store to cancel the task of this id, whatever it has become meanwhile."""

        def answer(found: Record | GatorError) -> None:
            said = _said(found)
            self._schedule(lambda: self._note(said))

        self._poller.cancel(CancelRequest(task_id, answer))

    def close(self) -> None:
        """Look no longer. May be repeated."""
        self._poller.detach(self)

    # -- what the poller tells, on its thread ------------------------------------------------

    def see(self, sight: Sight) -> None:
        self._deliver(sight)

    def lose(self, trouble: str) -> None:
        self._deliver(trouble)

    def _deliver(self, news: Sight | str) -> None:
        """Only the newest counts: a session that is slow skips what it missed."""
        with self._delivery:
            waiting, self._pending = self._pending is not None, news
        if not waiting:
            self._schedule(self._apply)

    # -- on the session's thread -------------------------------------------------------------

    def _note(self, said: str) -> None:
        self.notice = said

    def _apply(self) -> None:
        with self._delivery:
            news, self._pending = self._pending, None
        if isinstance(news, str):
            self.param.update(health="lost", trouble=news)
        elif news is not None:
            self.param.update(**self._updates(news))

    def _updates(self, sight: Sight) -> dict[str, Any]:
        updates: dict[str, Any] = {
            "health": "live",
            "trouble": "",
            "seen_at": sight.at,
            "counts": tile_counts(sight),
            "unserved": unserved_queues(sight.counts, sight.workers),
            "workers": list(sight.workers),
            "worker_names": self._names_with(sight.workers),
        }
        if sight.look[:2] == self.look[:2]:
            self._next = sight.page.next
            updates |= {
                "records": sight.page.records,
                "left": list(sight.kept),
                "has_older": sight.page.next is not None,
            }
        return updates

    def _names_with(self, workers: Collection[WorkerSeen]) -> dict[str, str]:
        names = {**self.worker_names, **{w.presence.id: w.presence.name for w in workers}}
        return dict(list(names.items())[-_NAMES_KEPT:])

    def _look_at(self, where: Filter, after: int | None, *, page_number: int) -> None:
        self.look = Look(where, after)
        self.page_number = page_number
        self._poller.wake()


def tile_counts(sight: Sight) -> dict[str, int]:
    """How many tasks or workers each tile stands for."""
    total: dict[Status, int] = dict.fromkeys(Status, 0)
    for by_status in sight.counts.values():
        for status, n in by_status.items():
            total[status] += n
    tiles = {tile: sum(total[s] for s in statuses) for tile, statuses in STATUSES_OF.items()}
    return {**tiles, ALL: sum(total.values()), WORKERS: len(sight.workers)}


def unserved_queues(counts: Counts, workers: Collection[WorkerSeen]) -> dict[str, int]:
    """Queues with tasks that could run, and how many, where no live worker would take them."""
    served = {queue for worker in workers for queue in worker.presence.queues}
    if EVERY in served:
        return {}
    ready = {queue: sum(by[s] for s in _READY if s in by) for queue, by in counts.items()}
    return {queue: n for queue, n in ready.items() if n and queue not in served}


def _said(found: Record | GatorError) -> str:
    """What a person must be told of a cancel; nothing where the row says it."""
    if isinstance(found, TaskNotFound):
        return "That task is not in the store any more."
    if isinstance(found, StoreUnavailable):
        return "The store cannot be reached: nothing was canceled."
    if isinstance(found, GatorError):
        return safe(str(found), 300)
    if found.status in (SUCCESS, FAILED):
        ended = "finished" if found.status is SUCCESS else "failed"
        return f"{safe(found.label, 80)} had already {ended}: there was nothing to cancel."
    return ""
