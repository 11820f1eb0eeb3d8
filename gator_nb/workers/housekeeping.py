"""What a worker does for the store from time to time: it finds who died, gives back what it was
given unawares, and forgets what ended long ago."""

import logging
import time
from collections.abc import Collection

from ..backends.base import Backend
from ..client.reaping import reap
from ..constants import LARGE_STORE, RENEW_EVERY, RETENTION
from ..payload.inspection import size_text

_REAP_EVERY = 0.7
"""Seconds: a dead worker is found within two."""
_SWEEP_EVERY = 3600.0
_SWEEP_BATCH = 200
"""Tasks that one pass forgets: milliseconds, so that nothing waits behind it."""

_SWEEP_BLOBS = 10
"""Large values: of each gigabyte the store has to free the pages."""


class Housekeeping:
    """The rounds of one worker. Each answers whether there may be something to claim since."""

    every = _REAP_EVERY
    """Seconds between two rounds at most."""

    def __init__(self, backend: Backend, worker_id: str, log: logging.Logger) -> None:
        self._backend = backend
        self._worker = worker_id
        self._log = log
        self._reaped_at = self._strays_at = 0.0
        self._swept_at: float | None = None

    def soon(self) -> None:
        """The store was away: look for strays as soon as it is back."""
        self._strays_at = 0.0

    def go_round(self, known: Collection[str]) -> bool:
        """Do what is due.

        Args:
            known: the tasks that this worker knows it holds.
        """
        moved = self._give_back_strays(known)
        moved |= self._reap()
        self._sweep()
        return moved

    def _give_back_strays(self, known: Collection[str]) -> bool:
        """A reply that was lost, or a store that has gone back to an older state, may give us what
        we know nothing of. Nobody else takes it as long as we live."""
        now = time.monotonic()
        if now - self._strays_at < RENEW_EVERY:
            return False
        self._strays_at = now
        held = self._backend.held(self._worker)
        strays = [(task_id, claim) for task_id, claim in held if task_id not in known]
        if strays:
            self._backend.release(strays)
        return bool(strays)

    def _reap(self) -> bool:
        now = time.monotonic()
        if now - self._reaped_at < _REAP_EVERY:
            return False
        self._reaped_at = now
        return bool(reap(self._backend))

    def _sweep(self) -> None:
        """Forget what ended long ago: at the start, then each hour, a bounded number a pass."""
        now = time.monotonic()
        if self._swept_at is not None and now - self._swept_at < _SWEEP_EVERY:
            return
        gone = self._backend.forget(self._backend.now() - RETENTION, limit=_SWEEP_BATCH)
        large = self._backend.blobs.forget(limit=_SWEEP_BLOBS)
        if gone < _SWEEP_BATCH and large < _SWEEP_BLOBS:
            self._swept_at = now
            self._warn_of_size()

    def _warn_of_size(self) -> None:
        size = self._backend.size()
        if size >= LARGE_STORE:
            self._log.warning(
                "%s takes %s: `gator-nb purge` counts what it can remove",
                self._backend.conn_string, size_text(size),
            )  # fmt: skip
