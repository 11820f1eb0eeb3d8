"""Looking for what no index answers, among the newest tasks, in steps that each end soon."""

from collections.abc import Iterable
from typing import Literal

from ..backends.base import Backend
from ..record import Record
from .query import Wanted

SEARCHED = 20_000
"""Tasks that are looked at before a person is asked whether to go on."""
_STEP = 1_000
"""Tasks that one step looks at: some 20 ms."""


class Search:
    """One page of matches, newest first, that grows step by step and follows what changes."""

    def __init__(self, wanted: Wanted, after: int | None, page_size: int) -> None:
        self.wanted = wanted
        self.found: list[Record] = []
        self.searched = 0
        self.complete = False
        """There is nothing more to look at."""
        self._after, self._below = after, after
        self._page_size = page_size
        self._probed = False

    @property
    def full(self) -> bool:
        return len(self.found) >= self._page_size

    @property
    def next(self) -> int | None:
        """Where the next page begins; None while there is none that is known of."""
        more = len(self.found) > self._page_size or (self.full and not self.complete)
        return self.found[self._page_size - 1].seq if more else None

    def goes_on(self, budget: int) -> bool:
        """Whether another step may find something."""
        return not (self.complete or self.full or self.searched >= budget)

    def state(self, budget: int) -> Literal["done", "going", "paused"]:
        """How it stands; paused, it has looked at as many as it may, and there are more."""
        if self.goes_on(budget):
            return "going"
        return "done" if self.complete or self.full else "paused"

    def step(self, backend: Backend) -> None:
        """Look at some more."""
        if self.wanted.id and not self._probed:
            self._probed = True
            self._take_whole_id(backend, self.wanted.id)
            if self.complete:
                return
        page = backend.page(self.wanted.where, limit=_STEP, after=self._below)
        for record in page.records:
            self.searched += 1
            self._below = record.seq
            if self.wanted.fits(record):
                self.found.append(record)
                if self.full:
                    return
        self._below = page.next
        self.complete = page.next is None

    def take(self, changed: Iterable[Record]) -> None:
        """Follow what has changed in the part that was looked at."""
        ids = {record.id: place for place, record in enumerate(self.found)}
        gone = set()
        for record in changed:
            fitting = self.wanted.fits(record)
            if record.id in ids:
                self.found[ids[record.id]] = record
                if not fitting:
                    gone.add(record.id)
            elif fitting and self._looked_at(record.seq):
                self.found.append(record)
        kept = [record for record in self.found if record.id not in gone]
        kept.sort(key=lambda record: -record.seq)
        self.found = kept
        if len(kept) > 2 * self._page_size:
            self.found = kept[: self._page_size]
            self.complete, self._below = False, self.found[-1].seq

    def page(self) -> list[Record]:
        return self.found[: self._page_size]

    def _looked_at(self, seq: int) -> bool:
        above = self._after is None or seq < self._after
        return above and (self.complete or (self._below is not None and seq >= self._below))

    def _take_whole_id(self, backend: Backend, task_id: str) -> None:
        """A whole id is answered at once, however old its task."""
        (record,) = backend.get([task_id])
        if record is not None:
            self.found = [record] if self.wanted.fits(record) else []
            self.complete = True
