"""The verbs of the memory store: each takes the lock, makes one step and lets go."""

import time
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import ClassVar

from ...constants import DAY, EVERY
from ...errors import DependencyError, StoreUnavailable, TaskNotFound, TaskRunning
from ...record import Record
from ...states import RUNNING, UNSTARTED, Status
from ..base import (
    Answer,
    Backend,
    Beat,
    Changes,
    Claimed,
    Filter,
    Listener,
    OnEnds,
    Page,
    Presence,
    Push,
    Settlement,
    Topic,
)
from .blobs import MemoryBlobs
from .finding import fits, in_queue, open_dependency
from .holding import answer_repeat, held, renew, settle, standing
from .put import PutStep
from .ready import keep_time, take
from .retention import forgettable
from .step import Step
from .store import Store, StoreListener, leave_store, open_store

_EVERYTHING = Filter()


class MemoryBackend(Backend):
    """A store in this process.

    Attributes:
        clock: what `now` asks; tests may replace it.

    >>> with_name = MemoryBackend("memory://lab"), MemoryBackend("memory://lab")
    >>> with_name[0].put([Push(Record("a", "all", origin="a"), b"call")])[0].status
    <Status.WAITING: 0>
    >>> with_name[1].len("all")
    1
    """

    durability = "this process only: tasks and results are gone when it ends"
    persistent: ClassVar[bool] = False

    def __init__(self, conn_string: str = "memory://") -> None:
        super().__init__(conn_string)
        self.clock: Callable[[], float] = time.time
        self._open_store: Store | None = open_store(conn_string, self)
        self._connected = self.clock()
        self.blobs = MemoryBlobs(lambda: self._store, self.now)

    @property
    def _store(self) -> Store:
        if self._open_store is None:
            raise StoreUnavailable(f"{self.conn_string} was closed here: open it again")
        return self._open_store

    def now(self) -> float:
        return self.clock()

    # -- what clients do -------------------------------------------------------------------

    def put(self, pushes: Sequence[Push], *, claimed_by: str | None = None) -> list[Record]:
        store = self._store
        with store.lock:
            step = PutStep(store, self.clock(), claimed_by)
            records = [step.put(push) for push in pushes]
            step.commit()
        return records

    def cancel(
        self, ids: Iterable[str], by: str, *, force: bool = False, unstarted_only: bool = False
    ) -> list[Record]:
        store, ids = self._store, list(ids)
        with store.lock:
            step = Step(store, self.clock())
            records = [self._known(store, task_id) for task_id in ids]
            if unstarted_only:
                records = [record for record in records if record.unstarted]
            step.cancel(records, by, force=force)
            step.commit()
            store.wake("work")
            store.wake("news")
            return [store.records[task_id] for task_id in ids]

    def pause(self, queue: str, *, on: bool = True) -> None:
        store = self._store
        with store.lock:
            (store.paused.add if on else store.paused.discard)(queue)
            store.wake("work")

    def paused(self) -> set[str]:
        store = self._store
        with store.lock:
            return set(store.paused)

    def hold(self, queue: str, *, spare: Iterable[str] = ()) -> int:
        store, spared = self._store, {None, *spare}
        with store.lock:
            step = Step(store, self.clock())
            held = [
                step.hold(record)
                for record in in_queue(store, queue)
                if record.unstarted and not record.held and record.session not in spared
            ]
            step.commit()
        return len(held)

    def unhold(self, queue: str) -> int:
        store = self._store
        with store.lock:
            step = Step(store, self.clock())
            freed = [
                step.unhold(record)
                for record in in_queue(store, queue)
                if record.unstarted and record.held
            ]
            step.commit()
        return len(freed)

    # -- what workers do -------------------------------------------------------------------

    def claim(
        self, worker: str, queues: Sequence[str] | None, lanes: Sequence[str], limit: int
    ) -> list[Claimed]:
        store = self._store
        with store.lock:
            now = self.clock()
            keep_time(store, now)
            step = Step(store, now)
            turn = step.index.ready(queues, lanes, store.paused)
            if turn is None or limit < 1:
                return []
            queue, lines = turn
            store.halfway = True
            taken = take(store, lines, limit, now)
            step.index.served(queue)
            records = [step.claim(record, worker, by_itself=len(taken) == 1) for record in taken]
            step.commit()
            return [Claimed(record, store.envelopes[record.origin]) for record in records]

    def lanes(self, queues: Sequence[str] | None) -> set[str]:
        store = self._store
        with store.lock:
            return store.index.lanes(queues, store.paused)

    def claim_task(self, worker: str, task_id: str) -> Claimed | Record:
        store = self._store
        with store.lock:
            record = self._known(store, task_id)
            if record.done:
                return record
            if record.status is RUNNING:
                raise TaskRunning(f"task {task_id!r} is running on {record.worker}")
            step = Step(store, self.clock())
            if record.expires is not None and record.expires <= step.now:
                step.expire(record)
                step.commit()
                return store.records[task_id]
            if record.open_deps:
                raise DependencyError(open_dependency(store, record))
            step.demand_room(record)
            claimed = step.claim(record, worker, by_itself=True)
            step.commit()
            return Claimed(claimed, store.envelopes[record.origin])

    def renew(self, worker: str, beats: Sequence[Beat]) -> list[Answer]:
        store = self._store
        with store.lock:
            step = Step(store, self.clock())
            presence = store.presences.get(worker)
            if presence is not None:
                store.presences[worker] = presence._replace(renewed=step.now)
            answers = [renew(store, step, beat) for beat in beats]
            step.commit()
        return answers

    def settle(self, settlements: Sequence[Settlement]) -> list[Answer]:
        store = self._store
        with store.lock:
            step = Step(store, self.clock())
            answers = [settle(store, step, end) for end in settlements]
            endings = step.commit_ends()
        store.tell(endings)
        return answers

    def held(self, worker: str) -> list[tuple[str, str]]:
        store = self._store
        with store.lock:
            ids = store.index.held.get(worker, ())
            return [(task_id, store.records[task_id].claim or "") for task_id in ids]

    def save(self, task_id: str, claim: str, data: bytes) -> Answer:
        store = self._store
        with store.lock:
            step = Step(store, self.clock())
            record = held(store, step, task_id, claim)
            if record is None:
                return Answer.LOST
            store.checkpoints[task_id] = data
            step.tell(record, checkpoint=task_id)
            step.commit()
            return standing(record)

    def release(self, claims: Sequence[tuple[str, str]]) -> list[Answer]:
        store = self._store
        with store.lock:
            step = Step(store, self.clock())
            answers = []
            for task_id, claim in claims:
                record = step.at(task_id)
                if record is not None and record.status is RUNNING and record.claim == claim:
                    step.release(record)
                    answers.append(Answer.DONE)
                else:
                    answers.append(answer_repeat(record, claim))
            step.commit()
        return answers

    def reap(self, dead: Iterable[str] = (), living: Iterable[str] = ()) -> list[Record]:
        store = self._store
        with store.lock:
            now = self.clock()
            keep_time(store, now)
            step = Step(store, now)
            taken = []
            for worker in store.lost(set(dead), set(living), now, self._connected):
                presence = store.presences.get(worker) or store.departed.get(worker)
                for task_id in step.index.held.get(worker, ()):
                    record = step.there(task_id)
                    step.lose(record, kernel=presence is not None and presence.kernel)
                    taken.append(task_id)
            step.commit()
            store.departed = {w: one for w, one in store.departed.items() if w in step.index.held}
            return [store.records[task_id] for task_id in taken]

    # -- who is there ----------------------------------------------------------------------

    def register(self, presence: Presence) -> None:
        store = self._store
        with store.lock:
            store.departed.pop(presence.id, None)
            store.presences[presence.id] = presence._replace(renewed=self.clock())

    def unregister(self, presence_id: str) -> None:
        store = self._store
        with store.lock:
            presence = store.presences.pop(presence_id, None)
            if presence is not None:
                store.remember(presence)
            if presence is not None and presence_id in store.index.held:
                store.departed[presence_id] = presence

    def presences(self) -> list[Presence]:
        store = self._store
        with store.lock:
            return list(store.presences.values())

    def worker_names(self) -> dict[str, str]:
        store = self._store
        with store.lock:
            there = {one.id: one.name for one in store.presences.values() if one.name}
            return {**store.left, **there}

    # -- reading ---------------------------------------------------------------------------

    def get(self, ids: Sequence[str]) -> list[Record | None]:
        store = self._store
        with store.lock:
            return [store.records.get(task_id) for task_id in ids]

    def envelope(self, task_id: str) -> bytes:
        store = self._store
        with store.lock:
            return store.envelopes[self._known(store, task_id).origin]

    def outcome(self, task_id: str) -> bytes | None:
        store = self._store
        with store.lock:
            return store.outcomes.get(self._known(store, task_id).id)

    def envelopes(self, ids: Sequence[str]) -> dict[str, bytes]:
        store = self._store
        with store.lock:
            found = [store.records[task_id] for task_id in ids if task_id in store.records]
            return {record.id: store.envelopes[record.origin] for record in found}

    def outcomes(self, ids: Sequence[str]) -> dict[str, bytes]:
        store = self._store
        with store.lock:
            return {one: store.outcomes[one] for one in ids if one in store.outcomes}

    def saved(self, task_id: str) -> bytes | None:
        store = self._store
        with store.lock:
            return store.checkpoints.get(self._known(store, task_id).checkpoint or "")

    def log(self, task_id: str, start: int = 0) -> bytes:
        store = self._store
        with store.lock:
            return bytes(store.logs.get(self._known(store, task_id).id, b"")[start:])

    def page(
        self, where: Filter = _EVERYTHING, *, limit: int = 50, after: int | None = None
    ) -> Page:
        store = self._store
        with store.lock:
            records = list(store.records.values())
        found: list[Record] = []
        for record in reversed(records):  # frozen, so no lock is needed to look through them
            if (after is None or record.seq < after) and fits(record, where):
                if len(found) == limit:
                    return Page(found, found[-1].seq)
                found.append(record)
        return Page(found, None)

    def counts(self) -> dict[str, dict[Status, int]]:
        store = self._store
        with store.lock:
            return {
                queue: {status: row[status] for status in Status if row[status]}
                for queue, row in store.index.counts.items()
            }

    def changes(self, cursor: int | None = None, *, limit: int = 1000) -> Changes:
        store = self._store
        with store.lock:
            if cursor is None or not store.removed_at <= cursor <= store.version:
                return Changes([], store.version, reset=True)
            records = list(islice(store.index.changed_since(cursor), limit))
            return Changes(records, records[-1].version if records else cursor, reset=False)

    def next_due(self) -> float | None:
        store = self._store
        with store.lock:
            heads = store.index.due.first(), store.index.expiring.first()
            return min((head[0] for head in heads if head is not None), default=None)

    # -- keeping house ---------------------------------------------------------------------

    def forget(self, before: float, *, limit: int = 1000, count_only: bool = False) -> int:
        store = self._store
        with store.lock:
            now = self.clock()
            doomed = forgettable(store.records.values(), min(before, now - DAY), now, limit)
            if doomed and not count_only:
                store.remove(doomed)
        return len(doomed)

    def len(self, queue: str) -> int:
        store = self._store
        with store.lock:
            counts = store.index.counts
            rows = counts.values() if queue == EVERY else [counts.get(queue, [0] * len(Status))]
            return sum(row[status] for row in rows for status in UNSTARTED)

    def drop_all(self, queue: str) -> None:
        store = self._store
        with store.lock:
            step = Step(store, self.clock())
            step.abandon(in_queue(store, queue))
            step.commit()
            store.remove(in_queue(store, queue))

    def verify(self) -> list[str]:
        store = self._store
        with store.lock:
            return store.faults()

    def listen(
        self,
        topics: Iterable[Topic],
        *,
        nap_time: float = 0.1,  # noqa: ARG002 -- no wake is missed here
        on_ends: OnEnds | None = None,
    ) -> Listener:
        return StoreListener(self._store, frozenset(topics), on_ends)

    def close(self) -> None:
        self.closed = True
        self._open_store = None
        leave_store(self)

    def _known(self, store: Store, task_id: str) -> Record:
        record = store.records.get(task_id)
        if record is None:
            raise TaskNotFound(f"no task has the id {task_id!r} in {self.conn_string}")
        return record
