"""What clients do in the machine of `test_machine.py`: they push, cancel, hold, forget; and how it
opens a store."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gator_nb.backends.base import Answer, Beat, Claimed, Push
from gator_nb.constants import DAY
from gator_nb.errors import DependencyError, TaskExists, TaskRunning
from gator_nb.record import Record, limit_of
from gator_nb.states import CANCELED, FAILED, RUNNING, SUCCESS

from .model import LEASE, Model, ModelTask
from .specimens import call, worker
from .stores import Clock, open_store

QUEUES = ["q1", "q2"]
WORKERS = ["w1", "w2", "kernel"]
SESSIONS = ["s1", "s2"]
BLOBS = ["b1", "b2", "b3"]
REFS = st.lists(st.sampled_from(BLOBS), max_size=2, unique=True).map(tuple)

PUSHES = st.fixed_dictionaries(
    {
        "queue": st.sampled_from(QUEUES),
        "priority": st.integers(-1, 1),
        "call_key": st.sampled_from([None, "k1", "k2"]),
        "session": st.sampled_from(SESSIONS),
        "due": st.sampled_from([None, None, 5.0, 30.0]),
        "expires": st.sampled_from([None, None, None, 15.0, 60.0]),
        "held": st.sampled_from([False, False, False, True]),
        "retries": st.integers(0, 2),
        "on_lost": st.sampled_from([None, "retry", "fail"]),
        "limit": st.sampled_from([None, None, "1:api", "2:api", "1:disk"]),
        "refs": REFS,
        "name": st.sampled_from([None] * 6 + ["n1", "n2"]),
        "group": st.sampled_from([None] * 6 + ["g1", "g2"]),
        "keep": st.sampled_from([None] * 5 + [3 * DAY]),
    }
)


class Clients(RuleBasedStateMachine):
    """One store, one clock, a model, and what is pushed, steered and forgotten."""

    store = "memory"

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.backend = open_store(self.store, Path(self.folder.name), self.clock)
        self.clock.advance(LEASE)  # the grace after connecting is over
        self.model = Model(self.clock.time)
        for name in WORKERS:
            self.backend.register(worker(name, lease=LEASE, kernel=name == "kernel"))
            self.model.renewed[name] = self.clock.time
        self.model.kernels = {"kernel"}
        self._bring(BLOBS)
        self.pushes: dict[str, Push] = {}
        self.claims: list[tuple[str, str]] = []
        self.ended: dict[str, Record] = {}
        self.cursor: int | None = None
        self.followed: dict[str, Record] = {}
        """What somebody knows of the store who only asks for what has changed."""
        self.number = 0

    # -- clients ------------------------------------------------------------------------------

    @rule(batch=st.lists(PUSHES, min_size=1, max_size=3), data=st.data())
    def push(self, batch: list[dict[str, Any]], data: st.DataObject) -> None:
        pushes = []
        for fields in batch:
            self.number += 1
            known = [*self.model.tasks, *(one.record.id for one in pushes)]
            depends_on = st.lists(st.sampled_from(known), max_size=2) if known else st.just([])
            for when in ("due", "expires"):
                if fields[when] is not None:
                    fields[when] += self.clock.time
            fields["depends_on"] = tuple(data.draw(depends_on))
            pushes.append(call(f"t{self.number}", reuse=data.draw(st.booleans()), **fields))
            self._bring(fields["refs"])
        wanted, reused = self._expect(pushes)
        if wanted is None:
            with pytest.raises(DependencyError):
                self.backend.put(pushes)
            return
        answered = self.backend.put(pushes)
        assert [one.id for one in answered] == wanted
        fresh = [one for one in pushes if one.record.id not in reused]
        self.pushes |= {one.record.id: one for one in fresh}
        self.model.owns |= {one.record.id: set(one.record.refs) for one in fresh}

    def _expect(self, pushes: list[Push]) -> tuple[list[str] | None, set[str]]:
        """Push to the model; None when a task depends on one whose push was answered by another."""
        before = dict(self.model.tasks)
        wanted, reused = [], set()
        for record, _, reuse in pushes:
            there = self.model.reusable(record.queue, record.call_key) if reuse else None
            if there is not None:
                wanted.append(there.id)
                reused.add(record.id)
                continue
            if reused & set(record.depends_on):
                self.model.tasks = before
                return None, reused
            self._add(record)
            wanted.append(record.id)
        return wanted, reused

    def _add(self, record: Record) -> None:
        self.model.add(self._modeled(record), record.depends_on)

    def _modeled(self, record: Record) -> ModelTask:
        order = (-record.priority, int(record.id[1:]))
        return ModelTask(
            record.id, record.queue, order, key=record.call_key, session=record.session,
            due=record.due, expires=record.expires, held=record.held, retries=record.retries,
            on_lost=record.on_lost, limit=None if record.limit is None else limit_of(record.limit),
            name=record.name, group=record.group, keep=record.keep or 0.0, origin=record.origin,
            checkpoint=record.checkpoint,
        )  # fmt: skip

    @precondition(lambda self: self.model.tasks)
    @rule(data=st.data())
    def push_again_after_a_lost_reply(self, data: st.DataObject) -> None:
        push = self.pushes[data.draw(st.sampled_from(list(self.model.tasks)))]
        (answered,) = self.backend.put([push._replace(reuse=False)])
        assert answered.id == push.record.id

    @precondition(lambda self: self.model.tasks)
    @rule(data=st.data())
    def push_another_call_under_a_known_id(self, data: st.DataObject) -> None:
        push = self.pushes[data.draw(st.sampled_from(list(self.model.tasks)))]
        other = push.record._replace(call_key="another")
        with pytest.raises(TaskExists):
            self.backend.put([call("unseen"), Push(other, b"another")])

    @precondition(lambda self: self.model.tasks)
    @rule(data=st.data())
    def push_a_retry(self, data: st.DataObject) -> None:
        """It brings no call of its own; that of its origin serves it, even once that is gone."""
        first = self.model.tasks[data.draw(st.sampled_from(list(self.model.tasks)))]
        self.number += 1
        fields = {"queue": first.queue, "origin": first.origin, "parent": first.id}
        again = call(f"t{self.number}", checkpoint=first.checkpoint, **fields)
        (answered,) = self.backend.put([again._replace(envelope=None)])
        assert answered.id == again.record.id
        self._add(answered)
        self.pushes[answered.id] = again._replace(envelope=self.pushes[first.id].envelope)
        self.model.owns[answered.id] = set()

    @rule(fields=PUSHES, by=st.sampled_from(WORKERS), data=st.data())
    def push_claimed(self, fields: dict[str, Any], by: str, data: st.DataObject) -> None:
        """As `gator.get` does with a task that was never pushed: due times and holds are over."""
        self.number += 1
        known = list(self.model.tasks)
        depends_on = st.lists(st.sampled_from(known), max_size=1) if known else st.just([])
        fields = {
            **fields,
            "due": None,
            "expires": None,
            "depends_on": tuple(data.draw(depends_on)),
        }
        self._bring(fields["refs"])
        push = call(f"t{self.number}", **fields)
        before = [self.model.tasks[one].status for one in fields["depends_on"]]
        fails = bool({FAILED, CANCELED} & set(before))
        task = self._modeled(push.record)
        if not fails and any(status is not SUCCESS for status in before):
            with pytest.raises(DependencyError):
                self.backend.put([push], claimed_by=by)
            return
        if not fails and not self.model.may_run(task):
            with pytest.raises(TaskRunning):
                self.backend.put([push], claimed_by=by)
            return
        (record,) = self.backend.put([push], claimed_by=by)
        self.pushes[record.id] = push
        self.model.owns[record.id] = set(push.record.refs)
        self.model.add(task, push.record.depends_on)
        if not fails:
            self._start(task, Claimed(record, push.envelope or b""), by, by_itself=True)

    @precondition(lambda self: self.model.tasks)
    @rule(data=st.data(), how=st.sampled_from(["ask", "ask", "force", "unstarted"]))
    def cancel(self, data: st.DataObject, how: str) -> None:
        running = [one.id for one in self.model.tasks.values() if one.status is RUNNING]
        known = st.sampled_from(running * data.draw(st.integers(0, 1)) or list(self.model.tasks))
        ids = data.draw(st.lists(known, min_size=1, max_size=3, unique=True))
        more = {"force": how == "force", "unstarted_only": how == "unstarted"}
        self.model.cancel(ids, **more)
        assert [one.id for one in self.backend.cancel(ids, "me", **more)] == ids
        for task in [self.model.tasks[one] for one in ids if data.draw(st.booleans())]:
            if task.status is RUNNING:
                self._its_holder_hears(task)

    def _its_holder_hears(self, task: ModelTask) -> None:
        """What `renew` answers for a claim that stands."""
        assert task.worker is not None
        assert task.claim is not None
        (answer,) = self.backend.renew(task.worker, [Beat(task.id, task.claim)])
        self.model.renewed[task.worker] = self.clock.time
        assert answer is told(task)

    @precondition(lambda self: any(one.done for one in self.model.tasks.values()))
    @rule(
        days=st.sampled_from([2, 2, 4, 0]),
        after=st.sampled_from([0.0, 0.0, 0.0, 3 * DAY]),
        limit=st.integers(1, 4),
        counting=st.sampled_from([False, False, True]),
    )
    def forget(self, days: int, after: float, limit: int, counting: bool) -> None:
        """Days later. Of several that ended at one moment the store says which goes first."""
        self.clock.advance(days * DAY)
        self.model.now = self.clock.time
        before = self.clock.time - after
        may_go = self.model.forgettable(before)
        number = self.backend.forget(before, limit=limit, count_only=counting)
        assert number == min(limit, len(may_go))
        there = self.backend.get(list(self.model.tasks))
        gone = [i for i, one in zip(list(self.model.tasks), there, strict=True) if one is None]
        assert len(gone) == (0 if counting else number)
        stayed = [at for task_id, at in may_go.items() if task_id not in gone]
        assert all(may_go[task_id] <= min(stayed, default=may_go[task_id]) for task_id in gone)
        for task_id in gone:
            self.model.forget(task_id)
            self.ended.pop(task_id, None)

    @rule(names=REFS)
    def ask_for_large_values(self, names: tuple[str, ...]) -> None:
        self._bring(names)

    @rule()
    def forget_large_values(self) -> None:
        assert self.backend.blobs.forget() == len(self.model.forget_blobs())

    def _bring(self, names: Sequence[str]) -> None:
        """As clients do before a push: what is not there is stored, and the rest stays."""
        absent = [name for name in names if name not in self.model.whole]
        assert self.backend.blobs.missing(names) == absent
        for name in absent:
            self.backend.blobs.add(name, 0, name.encode())
            self.backend.blobs.complete(name, 1)
        self.model.whole |= dict.fromkeys(names, self.clock.time)

    @rule(queue=st.sampled_from(QUEUES), session=st.sampled_from(SESSIONS))
    def hold(self, queue: str, session: str) -> None:
        assert self.backend.hold(queue, spare=[session]) == self.model.hold(queue, session)

    @rule(queue=st.sampled_from(QUEUES))
    def unhold(self, queue: str) -> None:
        assert self.backend.unhold(queue) == self.model.unhold(queue)

    @rule(queue=st.sampled_from(QUEUES), on=st.booleans())
    def pause(self, queue: str, on: bool) -> None:
        self.backend.pause(queue, on=on)
        (self.model.paused.add if on else self.model.paused.discard)(queue)
        assert self.backend.paused() == self.model.paused

    @precondition(lambda self: len(self.model.tasks) > 6)
    @rule(queue=st.sampled_from(QUEUES))
    def drop_all(self, queue: str) -> None:
        self.backend.drop_all(queue)
        self.model.drop(queue)
        self.ended = {one: kept for one, kept in self.ended.items() if one in self.model.tasks}

    def _start(self, task: ModelTask, one: Claimed, by: str, *, by_itself: bool) -> None:
        claim = one.record.claim or ""
        assert claim not in {known for _, known in self.claims}
        assert one.envelope == self.pushes[task.id].envelope
        assert one.record.begun is by_itself
        self.claims.append((task.id, claim))
        self.model.start(task, by, claim, by_itself=by_itself)


def told(task: ModelTask) -> Answer:
    """What the holder of a claim that stands hears."""
    if not task.asked:
        return Answer.KEPT
    return Answer.KILL if task.forced else Answer.CANCEL
