"""What becomes of a push: a new task, one that is there, or a refusal."""

from typing import TYPE_CHECKING

from ...constants import MAX_LANES
from ...errors import DependencyError, GatorError, TaskExists, TaskNotFound
from ...record import Record
from ...states import CANCELED, FAILED, SUCCESS
from ..base import Push
from .step import Step
from .store import Store

if TYPE_CHECKING:
    from .index import Lane


class PutStep(Step):
    """One call of `put`. It is dropped as a whole when one of its pushes is refused."""

    __slots__ = ("_envelopes", "_keys", "_lanes", "_records", "_worker")

    def __init__(self, store: Store, now: float, worker: str | None) -> None:
        super().__init__(store, now)
        self._worker = worker
        self._records = store.records
        self._envelopes: dict[str, bytes] = {}
        self._keys: dict[tuple[str, str], str] = {}
        """Call keys of this batch, and who has them."""
        self._lanes: dict[str, set[Lane]] = {}
        """Lanes that this batch opens, by queue."""

    def put(self, push: Push) -> Record:
        record = push.record
        there = self.at(record.id)
        if there is not None:
            return self._same(push, there)
        if push.reuse and record.call_key is not None:
            reused = self._reusable(record.queue, record.call_key)
            if reused is not None:
                return reused
        self._keep_envelope(push)
        if (record.lane, record.limit) not in self.index.lines.get(record.queue, ()):
            self._open_lane(record)
        fresh = self._push_behind(record) if record.depends_on else self._push_free(record, 0)
        if record.call_key is not None and not fresh.done:
            self._keys[record.queue, record.call_key] = record.id
        return fresh

    def commit(self) -> None:
        if self._envelopes:
            self._store.halfway = True
            self._store.envelopes.update(self._envelopes)
        super().commit()

    # -- there already -----------------------------------------------------------------------

    def _same(self, push: Push, there: Record) -> Record:
        mine = push.record
        if mine.call_key is not None and mine.call_key == there.call_key:
            return there
        envelope = push.envelope or self._envelope_of(mine.origin)
        if envelope == self._envelope_of(there.origin):
            return there
        named = [
            f"its {what} is {getattr(there, what)!r}, not {getattr(mine, what)!r}"
            for what in ("label", "queue")
            if getattr(there, what) != getattr(mine, what)
        ]
        differs = " and ".join(named) or "its function, what that captures or its arguments differ"
        raise TaskExists(
            f"a task with the id {mine.id!r} is there already for another call: {differs}; "
            "choose another id, or none"
        )

    def _reusable(self, queue: str, call_key: str) -> Record | None:
        found = self._keys.get((queue, call_key)) or self.index.newest_reusable(queue, call_key)
        return self.there(found) if found else None

    # -- new ---------------------------------------------------------------------------------

    def _push_free(self, record: Record, open_deps: int) -> Record:
        fresh = self.push(record, open_deps)
        if self._worker is None:
            return fresh
        self.demand_room(fresh)
        return self.claim(fresh, self._worker, by_itself=True)

    def _push_behind(self, record: Record) -> Record:
        dependencies = [self._dependency(record, one) for one in dict.fromkeys(record.depends_on)]
        failed = [one for one in dependencies if one.status in (FAILED, CANCELED)]
        if failed:
            return self.fail_by_dependency(self.push(record, len(failed)), failed[0])
        waits_for = [one for one in dependencies if one.status is not SUCCESS]
        if waits_for and self._worker is not None:
            raise DependencyError(
                f"task {record.id!r} cannot run yet: it depends on {waits_for[0].id!r}, "
                f"which is {waits_for[0].status}"
            )
        return self._push_free(record, len(waits_for))

    def _dependency(self, record: Record, task_id: str) -> Record:
        found = self.at(task_id)
        if task_id == record.id:
            raise DependencyError(f"task {task_id!r} depends on itself and could never start")
        if found is None:
            raise DependencyError(
                f"task {record.id!r} depends on {task_id!r}, which is not in this store: "
                "push that one first"
            )
        return found

    def _keep_envelope(self, push: Push) -> None:
        for name in push.record.refs:
            self._store.shelf.whole(name)
        if push.envelope is not None:
            self._envelopes[push.record.origin] = push.envelope
        elif self._envelope_of(push.record.origin) is None:
            raise TaskNotFound(
                f"task {push.record.id!r} retries {push.record.origin!r}, whose call is not in "
                "this store any more: push the call anew"
            )

    def _envelope_of(self, origin: str) -> bytes | None:
        return self._envelopes.get(origin) or self._store.envelopes.get(origin)

    def _open_lane(self, record: Record) -> None:
        opened = self._lanes.setdefault(record.queue, set())
        opened.add((record.lane, record.limit))
        if len(opened) + len(self.index.lines.get(record.queue, ())) > MAX_LANES:
            raise GatorError(
                f"queue {record.queue!r} has open tasks in {MAX_LANES} lanes and limits already, "
                f"and {record.lane!r} {record.limit or ''} would be one more: let some finish, or "
                "use another queue"
            )
