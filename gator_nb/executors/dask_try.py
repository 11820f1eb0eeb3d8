"""Tries that were sent to a Dask cluster, as the worker sees them."""

import time
from collections.abc import Sequence
from concurrent.futures import Future
from uuid import uuid4

from ..attempts.running import Running
from ..backends.base import Claimed
from .dask_chunk import Ask, News, Told
from .dask_cluster import Place
from .elsewhere import Came


class DaskTry(Running):
    """One run of one claim on a Dask cluster."""

    def __init__(self, claimed: Claimed) -> None:
        super().__init__(claimed.record)
        self.claimed = claimed
        self._begun = False
        """Its code is known to have begun."""
        self._told: tuple[str | None, str | None] = (None, None)
        self._step: str | None = None

    def hear(self, told: News | Came) -> None:
        """Take what came of it."""
        self._begun, self.told = True, True
        self.began = time.monotonic() - told.seconds
        self._told = told.progress, told.metrics
        if isinstance(told, News):
            self._step = told.step
        if told.log:
            self.sink.write_bytes(told.log)

    def overdue(self) -> float | None:
        return super().overdue() if self._begun else None

    def step(self) -> str | None:
        return None if self.cause is None else self._step or "asked to stop"

    def progress_text(self) -> str | None:
        return self._told[0]

    def metrics_text(self) -> str | None:
        return self._told[1]


class Chunk:
    """Tries that were sent to a Dask worker together."""

    def __init__(self, place: Place, tries: Sequence[DaskTry]) -> None:
        self.id = uuid4().hex
        self.place = place
        self.tries = {one.claim: one for one in tries}
        """Those that have not ended."""
        self.looked_at = time.monotonic()
        self.answer: Future[Told | None] = Future()
        self._read = 0
        """So many of its messages were taken."""

    def ask(self) -> Ask:
        """What is to be asked of it now."""
        self.looked_at = time.monotonic()
        stop = {one.claim: one.cause for one in self.tries.values() if one.cause is not None}
        return Ask(self._read, stop)

    def fresh(self, told: Told) -> Sequence[object]:
        """Those of its messages that were not taken yet, each once."""
        fresh = told.messages[self._read - told.start :]
        self._read += len(fresh)
        return fresh
