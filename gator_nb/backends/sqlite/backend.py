"""The verbs of the SQLite store: each opens its transaction, and decodes once that is over."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import apsw

from ...constants import DAY
from ...record import Record
from ...states import Status
from ..base import (
    EVERYTHING,
    Answer,
    Backend,
    Beat,
    Changes,
    Claimed,
    Ending,
    Filter,
    Listener,
    OnEnds,
    Page,
    Presence,
    Push,
    Settlement,
    Topic,
)
from ..waking import Waking
from . import address, claiming, housekeeping, presence, pushing, reading, settling, steering
from .blobs import SQLiteBlobs
from .connection import Handle
from .rows import decode
from .sql import run
from .transaction import Lines, Transaction
from .verifying import verify

_DURABILITY = {
    "process": "survives any process being killed; a power loss may take the newest "
    "(?durability=disk survives that too)",
    "disk": "survives any process being killed, and power loss",
}


class SQLiteBackend(Backend):
    """A store in one file. See `address` for what a conn_string says.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     backend = SQLiteBackend(f"sqlite:///{folder}/tasks.sqlite")
    ...     backend.len("all")
    ...     backend.close()
    0

    Raises:
        StoreUnavailable: the file cannot be opened or made, or lies on a network file system.
        StoreCorrupt: the file is not of gator_nb.
        StoreVersion: a newer gator_nb wrote it.
    """

    persistent: ClassVar[bool] = True

    def __init__(self, conn_string: str) -> None:
        super().__init__(conn_string)
        self.clock: Callable[[], float] = time.time
        self._address = address.parse(conn_string)
        self.durability = _DURABILITY[self._address.durability]
        self._writer = Handle(self._address)
        self._reader = Handle(self._address)
        self._lines: Lines = {}
        self._turns = claiming.Turns()
        self._connected = self.clock()
        with self._reader as db:
            ((store_id,),) = run(db, "SELECT id FROM store")
        self._waking = Waking(store_id, self._data_version)
        self.blobs = SQLiteBlobs(self._writing, self._reading)

    def now(self) -> float:
        return self.clock()

    # -- what clients do -------------------------------------------------------------------

    def put(self, pushes: Sequence[Push], *, claimed_by: str | None = None) -> list[Record]:
        prepared = [pushing.Prepared(push) for push in pushes]
        with self._writing() as tx:
            rows = pushing.put(tx, prepared, claimed_by)
        return [decode(row) for row in rows]

    def cancel(
        self, ids: Iterable[str], by: str, *, force: bool = False, unstarted_only: bool = False
    ) -> list[Record]:
        wanted = list(ids)
        with self._writing() as tx:
            rows = steering.cancel(tx, wanted, by, force=force, unstarted_only=unstarted_only)
        return [decode(row) for row in rows]

    def pause(self, queue: str, *, on: bool = True) -> None:
        with self._writing() as tx:
            steering.pause(tx, queue, on=on)

    def paused(self) -> set[str]:
        with self._reading() as db:
            return reading.paused(db)

    def hold(self, queue: str, *, spare: Iterable[str] = ()) -> int:
        spared = list(spare)
        with self._writing() as tx:
            return steering.hold(tx, queue, spared)

    def unhold(self, queue: str) -> int:
        with self._writing() as tx:
            return steering.unhold(tx, queue)

    # -- what workers do -------------------------------------------------------------------

    def claim(
        self, worker: str, queues: Sequence[str] | None, lanes: Sequence[str], limit: int
    ) -> list[Claimed]:
        with self._writing() as tx:
            taken = claiming.claim(tx, self._turns, worker, queues, lanes, limit)
        return [Claimed(decode(row), envelope) for row, envelope in taken]

    def lanes(self, queues: Sequence[str] | None) -> set[str]:
        with self._reading() as db:
            return claiming.ready_lanes(db, queues)

    def claim_task(self, worker: str, task_id: str) -> Claimed | Record:
        with self._writing() as tx:
            row, envelope = claiming.claim_task(tx, worker, task_id)
        record = decode(row)
        return record if envelope is None else Claimed(record, envelope)

    def renew(self, worker: str, beats: Sequence[Beat]) -> list[Answer]:
        with self._writing() as tx:
            return settling.renew(tx, worker, beats)

    def settle(self, settlements: Sequence[Settlement]) -> list[Answer]:
        with self._writing() as tx:
            answers = settling.settle(tx, settlements)
            if self._waking.wants_ends:
                tx.ended = settling.ended(tx, settlements)
        return answers

    def held(self, worker: str) -> list[tuple[str, str]]:
        with self._reading() as db:
            return reading.held(db, worker)

    def save(self, task_id: str, claim: str, data: bytes) -> Answer:
        with self._writing() as tx:
            return settling.save(tx, task_id, claim, data)

    def release(self, claims: Sequence[tuple[str, str]]) -> list[Answer]:
        with self._writing() as tx:
            return settling.release(tx, claims)

    def reap(self, dead: Iterable[str] = (), living: Iterable[str] = ()) -> list[Record]:
        known = presence.Fates(frozenset(dead), frozenset(living))
        with self._writing() as tx:
            rows = presence.reap(tx, known, self._connected)
        return [decode(row) for row in rows]

    # -- who is there ----------------------------------------------------------------------

    def register(self, presence_: Presence) -> None:
        with self._writing() as tx:
            presence.register(tx, presence_)

    def unregister(self, presence_id: str) -> None:
        with self._writing() as tx:
            presence.unregister(tx, presence_id)
        self._turns.forget(presence_id)

    def presences(self) -> list[Presence]:
        with self._reading() as db:
            rows = presence.registered(db)
        return [presence.decode_presence(*row) for row in rows]

    def worker_names(self) -> dict[str, str]:
        with self._reading() as db:
            return presence.names(db)

    # -- reading ---------------------------------------------------------------------------

    def get(self, ids: Sequence[str]) -> list[Record | None]:
        with self._reading() as db:
            rows = reading.get(db, ids)
        return [None if row is None else decode(row) for row in rows]

    def envelope(self, task_id: str) -> bytes:
        with self._reading() as db:
            return reading.envelope(db, task_id)

    def outcome(self, task_id: str) -> bytes | None:
        with self._reading() as db:
            return reading.outcome(db, task_id)

    def envelopes(self, ids: Sequence[str]) -> dict[str, bytes]:
        with self._reading() as db:
            return reading.envelopes(db, ids)

    def outcomes(self, ids: Sequence[str]) -> dict[str, bytes]:
        with self._reading() as db:
            return reading.outcomes(db, ids)

    def saved(self, task_id: str) -> bytes | None:
        with self._reading() as db:
            return reading.saved(db, task_id)

    def log(self, task_id: str, start: int = 0) -> bytes:
        with self._reading() as db:
            return reading.log(db, task_id, start)

    def page(
        self, where: Filter = EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> Page:
        with self._reading() as db:
            rows = reading.page(db, where, limit + 1, after)
        records = [decode(row) for row in rows[:limit]]
        return Page(records, records[-1].seq if len(rows) > limit else None)

    def counts(self) -> dict[str, dict[Status, int]]:
        with self._reading() as db:
            return reading.counts(db)

    def changes(self, cursor: int | None = None, *, limit: int = 1000) -> Changes:
        with self._reading() as db:
            rows, after, reset = reading.changes(db, cursor, limit)
        return Changes([decode(row) for row in rows], after, reset)

    def next_due(self) -> float | None:
        with self._reading() as db:
            return reading.next_due(db)

    # -- keeping house ---------------------------------------------------------------------

    def forget(self, before: float, *, limit: int = 1000, count_only: bool = False) -> int:
        # Chosen beside the writers, who only wait for the removing.
        with self._reading() as db:
            now = self.now()
            chosen = housekeeping.forgettable(db, min(before, now - DAY), now, limit)
        if count_only or not chosen:
            return len(chosen)
        with self._writing() as tx:
            return housekeeping.forget(tx, chosen)

    def size(self) -> int:
        with self._reading() as db:
            return reading.size(db)

    def len(self, queue: str) -> int:
        with self._reading() as db:
            return reading.length(db, queue)

    def drop_all(self, queue: str) -> None:
        with self._writing() as tx:
            housekeeping.drop_all(tx, queue)

    def verify(self) -> list[str]:
        # On a connection of its own: it may take a while.
        handle = Handle(self._address)
        try:
            with handle as db:
                return verify(db)
        finally:
            handle.close()

    def listen(
        self, topics: Iterable[Topic], *, nap_time: float = 0.1, on_ends: OnEnds | None = None
    ) -> Listener:
        return self._waking.listen(topics, nap_time, on_ends)

    def close(self) -> None:
        self.closed = True
        self._writer.close()
        self._reader.close()
        self._waking.close()

    # --------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        """One step that writes: all of it or nothing; wakes whom it touched, once it is stored."""
        with self._writer as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                tx = Transaction(db, self.clock(), self._lines)
                yield tx
                tx.finish()
                db.execute("COMMIT")
            except BaseException:
                self._lines.clear()
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        self._waking.announce(tx.topics, [Ending(decode(row), data) for row, data in tx.ended])

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection]:
        """One look at the store as it stands, beside the writers."""
        with self._reader as db:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                if db.in_transaction:
                    db.execute("COMMIT")

    def _data_version(self) -> int | None:
        """Another number when another connection has written; None when just now it is unknown."""
        if self._writer.is_busy():
            return None
        with self._writer as db:
            return int(run(db, "PRAGMA data_version")[0][0])
