"""The transitions of a memory store: one method for each thing that can happen to a task.

A `Step` is one verb in the making. It stages new records beside the store; `commit` makes all of
them part of it, and a step that is dropped never was.
"""

import secrets
from collections.abc import Iterable
from typing import Any

from ...constants import FORCED, MAX_LOSSES
from ...record import Reason, Record, limit_of, rank_of, status_when_free
from ...states import CANCELED, FAILED, RETRYING, RUNNING, SUCCESS, TERMINAL, WAITING, Status
from ..base import Ending, Settlement, Topic
from ..refusals import limit_full
from .store import Store

_PLACES = {field: place for place, field in enumerate(Record._fields)}
_VERSION = _PLACES["version"]
_FATES = {FAILED: "failed", CANCELED: "was canceled"}


class Step:
    """One atomic change of `store` at the time `now`."""

    __slots__ = ("_seq", "_staged", "_store", "_version", "index", "now", "outcomes")

    def __init__(self, store: Store, now: float) -> None:
        self.now = now
        self.index = store.index
        self.outcomes: dict[str, bytes] = {}
        self._store = store
        self._staged: dict[str, Record] = {}
        self._seq = store.seq
        self._version = store.version

    def at(self, task_id: str) -> Record | None:
        """A record as it stands within this step."""
        return self._staged.get(task_id) or self._store.records.get(task_id)

    def there(self, task_id: str) -> Record:
        """A record that is known to be there."""
        return self._staged.get(task_id) or self._store.records[task_id]

    def commit(self) -> None:
        for topic in self._commit():
            self._store.wake(topic)

    def commit_ends(self) -> list[Ending]:
        """The same, but for the news, which are these: `Store.tell` them once the lock is free, as
        who hears of them may be waiting for it."""
        for topic in self._commit() - {"news"}:
            self._store.wake(topic)
        ended = [record for record in self._staged.values() if record.done]
        return [Ending(record, self.outcomes.get(record.id)) for record in ended]

    def _commit(self) -> set[Topic]:
        store = self._store
        store.seq, store.version = self._seq, self._version
        if self.outcomes:
            store.outcomes.update(self.outcomes)
        return store.commit(self._staged) if self._staged else set()

    # -- a task comes ------------------------------------------------------------------------

    def push(self, record: Record, open_deps: int) -> Record:
        """Store it where its dependencies, its hold and its time say."""
        self._seq += 1
        fresh = self._write(
            record,
            seq=self._seq,
            rank=rank_of(record.priority, self._seq),
            open_deps=open_deps,
            created=self.now,
            status=WAITING,
        )
        status = status_when_free(fresh, self.now)
        return fresh if status is WAITING else self._write(fresh, status=status)

    # -- it becomes ready --------------------------------------------------------------------

    def promote(self, record: Record) -> Record:
        """Its time has come."""
        return self._write(record, status=WAITING, due=None)

    def hold(self, record: Record) -> Record:
        return self._free(record._replace(held=True))

    def unhold(self, record: Record) -> Record:
        return self._free(record._replace(held=False))

    def _free(self, record: Record) -> Record:
        return self._write(record, status=status_when_free(record, self.now))

    def _ready_dependents(self, task_id: str) -> None:
        for waiter_id in self.index.waiters.get(task_id, ()):
            waiter = self.there(waiter_id)
            if not waiter.done:
                self._free(waiter._replace(open_deps=waiter.open_deps - 1))

    # -- it runs -----------------------------------------------------------------------------

    def demand_room(self, record: Record) -> None:
        """Refuse to run a task whose limit is full."""
        if record.limit is not None and not self.has_room(record):
            raise limit_full(record.id, record.limit)

    def has_room(self, record: Record) -> bool:
        """Whether its limit lets it run."""
        if record.limit is None:
            return True
        name, _ = limit_of(record.limit)
        begun = [one.limit for one in self._staged.values() if one.status is RUNNING and one.limit]
        same = sum(limit_of(limit)[0] == name for limit in begun)
        return same < self.index.room(record.limit)

    def claim(self, record: Record, worker: str, *, by_itself: bool) -> Record:
        """Give `worker` the right to run it. Whatever kept it waiting is over."""
        return self._write(
            record,
            status=RUNNING,
            claim=secrets.token_hex(16),
            worker=worker,
            started=self.now,
            attempts=record.attempts + 1,
            begun=by_itself,
            progress=None,
            cancel_step=None,
            held=False,
            due=None,
        )

    def adopt(self, record: Record) -> Record:
        """Its holder was silent, and lives: the claim stands again."""
        begun = record.started is not None
        return self._write(
            record,
            status=RUNNING,
            begun=True,
            losses=record.losses - begun,
            attempts=record.attempts + (not begun),
            started=record.started if begun else self.now,
        )

    def tell(self, record: Record, **news: object) -> Record:
        """Write down what its holder, or somebody who wants it stopped, has to say."""
        return self._write(record, **news)

    def settle(self, record: Record, end: Settlement) -> None:
        """Its holder says how the try ended."""
        if end.outcome is not None:
            self.outcomes[record.id] = end.outcome
        told: dict[str, Any] = {
            "settled": end.claim,
            "retries": end.retries,
            "reason": end.reason,
            "error": end.error,
        }
        if end.progress is not None:
            told["progress"] = end.progress
        if end.metrics is not None:
            told["metrics"] = end.metrics
        if end.peak_memory is not None:
            told["peak_memory"] = end.peak_memory
        if end.lost:
            self._settle_lost(record, told)
        elif end.status in TERMINAL:
            self._finish(record, end.status, **told)
        elif record.cancel_at is not None:
            self._finish(record, CANCELED, **told | {"reason": Reason.CANCELED})
        else:
            due = self.now if end.due is None else end.due
            self._write(record, status=RETRYING, due=due, **told)

    def _settle_lost(self, record: Record, told: dict[str, Any]) -> None:
        """The process that ran it died, and its holder lives."""
        losses = record.losses + 1
        if record.cancel_at is not None:
            self._finish(record, CANCELED, **told | {"reason": Reason.CANCELED})
        elif record.on_lost != "fail" and losses < MAX_LOSSES:
            kept = {"reason": None, "error": None, "losses": losses, "alone": True}
            self._write(record, status=WAITING, **told | kept)
        else:
            fate = {"reason": Reason.LOST, "losses": losses, "alone": True}
            self._finish(record, FAILED, **told | fate)

    def release(self, record: Record) -> None:
        """Its holder gives it back unstarted."""
        if record.cancel_at is not None:
            self._finish(record, CANCELED, reason=Reason.CANCELED, settled=record.claim)
        else:
            self._give_back(record, settled=record.claim)

    def lose(self, record: Record, *, kernel: bool) -> None:
        """Its holder died."""
        losses = record.losses + 1
        may_retry = record.on_lost != "fail" if record.on_lost else not kernel
        if record.cancel_at is not None:
            text = "worker lost, stop unconfirmed"
            self._finish(record, CANCELED, reason=Reason.UNCONFIRMED, error=text)
        elif not record.begun:
            self._give_back(record, alone=True)
        elif may_retry and losses < MAX_LOSSES:
            self._write(record, status=WAITING, losses=losses, alone=True)
        else:
            text = f"worker {record.worker} died while the task ran ({losses} lost)"
            self._finish(record, FAILED, reason=Reason.LOST, error=text, losses=losses, alone=True)

    def _give_back(self, record: Record, **more: object) -> None:
        """It waits again in its old place, and the try does not count."""
        attempts = record.attempts - 1
        self._write(record, status=WAITING, attempts=attempts, started=None, **more)

    # -- it ends -----------------------------------------------------------------------------

    def expire(self, record: Record) -> Record:
        """It was not started in time."""
        text = "was not started before its time was over"
        return self._finish(record, FAILED, reason=Reason.EXPIRED, error=text)

    def cancel(self, records: Iterable[Record], by: str, *, force: bool) -> None:
        """Cancel what has not started, all of it before what depends on it; ask what runs."""
        asked: dict[str, Any] = {"cancel_at": self.now, "cancel_by": by}
        ended = []
        for record in records:
            if record.status is RUNNING:
                told = {} if record.cancel_at else asked
                told |= {"cancel_step": FORCED} if force else {}
                if told:
                    self.tell(record, **told)
            elif not self.there(record.id).done:
                text = f"canceled by {by}"
                more = asked | {"reason": Reason.CANCELED, "error": text}
                self._write(record, status=CANCELED, finished=self.now, **more)
                ended.append(record.id)
        for task_id in ended:
            self._fail_dependents(task_id)

    def abandon(self, records: Iterable[Record]) -> None:
        """They are about to be removed: what waits for them never starts."""
        for record in records:
            self._fail_dependents(record.id)

    def fail_by_dependency(self, record: Record, dependency: Record) -> Record:
        """A task that it waited for will not succeed."""
        fate = f"which {_FATES.get(dependency.status, 'was removed')}"
        text = f"depends on {dependency.label or 'task'} ({dependency.id}), {fate}"
        return self._write(
            record, status=FAILED, finished=self.now, reason=Reason.DEPENDENCY, error=text
        )

    def _finish(self, record: Record, status: Status, **more: object) -> Record:
        """End it, and tell those that waited for it."""
        ended = self._write(record, status=status, finished=self.now, **more)
        if record.id in self.index.waiters:
            if status is SUCCESS:
                self._ready_dependents(record.id)
            else:
                self._fail_dependents(record.id)
        return ended

    def _fail_dependents(self, task_id: str) -> None:
        """Fail what waits for a task that will not succeed, and what waits for that."""
        ended = [task_id]
        while ended:
            dependency = self.there(ended.pop())
            for waiter_id in self.index.waiters.get(dependency.id, ()):
                waiter = self.there(waiter_id)
                if not waiter.done:
                    self.fail_by_dependency(waiter, dependency)
                    ended.append(waiter_id)

    # -- the one place that writes -------------------------------------------------------------

    def _write(self, record: Record, **fields: Any) -> Record:
        self._version += 1
        values = list(record)  # `_replace` takes half as long again
        values[_VERSION] = self._version
        for field, value in fields.items():
            values[_PLACES[field]] = value
        fresh = tuple.__new__(Record, values)
        staged = self._staged
        if record.id in staged:
            del staged[record.id]  # staged records stay in the order of their versions
        staged[record.id] = fresh
        return fresh
