"""Whatever clients, workers and reapers do, in whatever order, a store stays equal to the model."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gator_nb.backends.base import Answer, Beat, Claimed, Push, Settlement
from gator_nb.constants import BLOB_GRACE
from gator_nb.errors import DependencyError, TaskExists, TaskRunning
from gator_nb.record import Record, limit_of
from gator_nb.states import CANCELED, FAILED, RETRYING, RUNNING, SUCCESS

from .model import LEASE, Model, ModelTask
from .specimens import LANE, call, worker
from .stores import PARAMETERS, STORES, Clock, close_clean, open_store

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
    }
)


class StoreMachine(RuleBasedStateMachine):
    """One store, one clock, a model, and every claim that was ever given out."""

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
        for name in BLOBS:
            self.backend.blobs.add(name, 0, name.encode())
            self.backend.blobs.complete(name, 1)
        self.owns: dict[str, set[str]] = {}
        """Blobs by task."""
        self.pushes: dict[str, Push] = {}
        self.claims: list[tuple[str, str]] = []
        self.ended: dict[str, Record] = {}
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
        wanted, reused = self._expect(pushes)
        if wanted is None:
            with pytest.raises(DependencyError):
                self.backend.put(pushes)
            return
        answered = self.backend.put(pushes)
        assert [one.id for one in answered] == wanted
        fresh = [one for one in pushes if one.record.id not in reused]
        self.pushes |= {one.record.id: one for one in fresh}
        self.owns |= {one.record.id: set(one.record.refs) for one in fresh}

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
        order = (-record.priority, int(record.id[1:]))
        task = ModelTask(
            record.id, record.queue, order, key=record.call_key, session=record.session,
            due=record.due, expires=record.expires, held=record.held, retries=record.retries,
            on_lost=record.on_lost, limit=None if record.limit is None else limit_of(record.limit),
        )  # fmt: skip
        self.model.add(task, record.depends_on)

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
    def cancel(self, data: st.DataObject) -> None:
        known = st.sampled_from(list(self.model.tasks))
        ids = data.draw(st.lists(known, min_size=1, max_size=3, unique=True))
        self.model.cancel(ids)
        assert [one.id for one in self.backend.cancel(ids, "me")] == ids

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

    # -- workers --------------------------------------------------------------------------------

    @rule(
        by=st.sampled_from(WORKERS),
        queues=st.sampled_from([None, ["q1"], ["q2"], ["q1", "q2"]]),
        limit=st.integers(1, 4),
    )
    def claim(self, by: str, queues: list[str] | None, limit: int) -> None:
        self.model.keep_time()
        claimed = self.backend.claim(by, queues, [LANE], limit)
        taken = [self.model.tasks[one.record.id] for one in claimed]
        lines = [line for queue in queues or QUEUES if (line := self.model.ready(queue))]
        assert bool(taken) is bool(lines)
        if taken:
            (line,) = (line for line in lines if line[0].queue == taken[0].queue)
            assert [one.id for one in taken] == [one.id for one in self.model.batch(line, limit)]
        for task, one in zip(taken, claimed, strict=True):
            self._start(task, one, by, by_itself=len(taken) == 1)

    def _start(self, task: ModelTask, one: Claimed, by: str, *, by_itself: bool) -> None:
        claim = one.record.claim or ""
        assert claim not in {known for _, known in self.claims}
        assert one.envelope == self.pushes[task.id].envelope
        assert one.record.begun is by_itself
        self.claims.append((task.id, claim))
        self.model.start(task, by, claim, by_itself=by_itself)

    @precondition(lambda self: self.model.tasks)
    @rule(by=st.sampled_from(WORKERS), data=st.data())
    def claim_task(self, by: str, data: st.DataObject) -> None:
        task = self.model.tasks[data.draw(st.sampled_from(list(self.model.tasks)))]
        late = task.expires is not None and task.expires <= self.clock.time
        if task.status is RUNNING:
            with pytest.raises(TaskRunning):
                self.backend.claim_task(by, task.id)
        elif task.done or late:
            assert not isinstance(self.backend.claim_task(by, task.id), Claimed)
            if not task.done:
                self.model.end(task, FAILED, "expired")
        elif task.waits_for:
            with pytest.raises(DependencyError):
                self.backend.claim_task(by, task.id)
        elif not self.model.may_run(task):
            with pytest.raises(TaskRunning, match="at once"):
                self.backend.claim_task(by, task.id)
        else:
            claimed = self.backend.claim_task(by, task.id)
            assert isinstance(claimed, Claimed)
            self._start(task, claimed, by, by_itself=True)

    @rule(by=st.sampled_from(WORKERS), data=st.data(), begun=st.booleans())
    def renew(self, by: str, data: st.DataObject, begun: bool) -> None:
        claims = self._some_claims(data)
        answers = self.backend.renew(by, [Beat(*one, begun=begun) for one in claims])
        self.model.renewed[by] = self.clock.time
        for (task_id, claim), answer in zip(claims, answers, strict=True):
            self.model.adopt(task_id, claim)
            if not self.model.stands(task_id, claim):
                assert answer is Answer.LOST
                continue
            task = self.model.tasks[task_id]
            task.begun = task.begun or begun
            assert answer is (Answer.CANCEL if task.asked else Answer.KEPT)

    @precondition(lambda self: self.claims)
    @rule(
        data=st.data(),
        status=st.sampled_from([SUCCESS, SUCCESS, FAILED, CANCELED, RETRYING]),
        after=st.sampled_from([None, 7.0]),
        refs=REFS,
        repeats=st.integers(1, 2),
    )
    def settle(
        self,
        data: st.DataObject,
        status: int,
        after: float | None,
        refs: tuple[str, ...],
        repeats: int,
    ) -> None:
        """With a live claim or an old one, and again when the reply was lost."""
        due = None if after is None else self.clock.time + after
        ends = [
            Settlement(*one, status, 1, b"o", due=due, refs=refs) for one in self._some_claims(data)
        ]
        for _ in range(repeats):
            for one, answer in zip(ends, self.backend.settle(ends), strict=True):
                self.model.adopt(one.task_id, one.claim)
                if self.model.stands(one.task_id, one.claim):
                    self.model.settle(one.task_id, one.status, due, 1)
                    self.owns[one.task_id] |= set(refs)
                    assert answer is Answer.DONE
                else:
                    done = self.model.was_settled(one.task_id, one.claim)
                    assert answer is (Answer.DONE if done else Answer.LOST)

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def its_process_dies(self, data: st.DataObject) -> None:
        ends = [Settlement(*one, FAILED, 1, b"o", lost=True) for one in self._some_claims(data)]
        for one, answer in zip(ends, self.backend.settle(ends), strict=True):
            self.model.adopt(one.task_id, one.claim)
            if self.model.stands(one.task_id, one.claim):
                self.model.settle_lost(one.task_id, 1)
                assert answer is Answer.DONE
            else:
                done = self.model.was_settled(one.task_id, one.claim)
                assert answer is (Answer.DONE if done else Answer.LOST)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), repeats=st.integers(1, 2))
    def release(self, data: st.DataObject, repeats: int) -> None:
        claims = self._some_claims(data)
        for _ in range(repeats):
            for (task_id, claim), answer in zip(claims, self.backend.release(claims), strict=True):
                if self.model.stands(task_id, claim):
                    self.model.release(task_id)
                    assert answer is Answer.DONE
                else:
                    done = self.model.was_settled(task_id, claim)
                    assert answer is (Answer.DONE if done else Answer.LOST)

    def _some_claims(self, data: st.DataObject) -> list[tuple[str, str]]:
        """Claims that were given out, mostly ones that stand; a dead worker's stay behind here."""
        if not self.claims:
            return []
        live = [one for one in self.claims if self.model.stands(*one)]
        pool = live if live and data.draw(st.integers(0, 4)) else self.claims
        return data.draw(st.lists(st.sampled_from(pool), min_size=1, max_size=3, unique=True))

    # -- time and death ---------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1.0, 5.0, 20.0, LEASE]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.model.now = self.clock.time

    @rule(dead=st.lists(st.sampled_from(WORKERS), max_size=2, unique=True))
    def reap(self, dead: list[str]) -> None:
        """Workers that crashed have simply stopped renewing; some are known to be dead."""
        assert {one.id for one in self.backend.reap(dead)} == self.model.reap(dead)

    # -- what always holds ------------------------------------------------------------------------

    @invariant()
    def store_equals_model(self) -> None:
        ids = list(self.model.tasks)
        for record in self.backend.get(ids):
            assert record is not None
            task = self.model.tasks[record.id]
            assert _seen(record) == _seen(task)
            if task.reason not in (None, "said"):
                assert record.reason == task.reason
            if record.status is RUNNING:
                assert (record.claim, record.worker) == (task.claim, task.worker)
            if record.done:
                assert self.ended.setdefault(record.id, record) == record
        assert len(self.backend.page(limit=10_000).records) == len(ids)

    @invariant()
    def counters_and_indexes_are_right(self) -> None:
        counts: dict[str, dict[int, int]] = {}
        for task in self.model.tasks.values():
            row = counts.setdefault(task.queue, {})
            row[task.status] = row.get(task.status, 0) + 1
        assert self.backend.counts() == counts
        assert self.backend.verify() == []

    def teardown(self) -> None:
        if hasattr(self, "backend"):
            self._what_is_owned_stays()
            close_clean(self.backend)
            self.folder.cleanup()

    def _what_is_owned_stays(self) -> None:
        """And nothing else, once nobody has asked for it in a day."""
        owned = set().union(*(self.owns[task_id] for task_id in self.model.tasks))
        self.clock.advance(BLOB_GRACE + 1)
        assert self.backend.blobs.forget() == len(set(BLOBS) - owned)
        assert set(BLOBS) - set(self.backend.blobs.missing(BLOBS)) == owned


def _seen(one: Record | ModelTask) -> tuple[object, ...]:
    """What must be equal; of a task that is over nobody asks whether it was to run alone."""
    return one.status, one.attempts, one.losses, one.retries, one.alone and not one.done


EXAMPLES = settings(max_examples=settings().max_examples // 3, stateful_step_count=30)


@pytest.mark.timeout(900)  # a failure takes long to be made small
@pytest.mark.parametrize("store", PARAMETERS)
def test_a_store_stays_equal_to_the_model(store: str, tmp_path: Path) -> None:
    """Many more of its lives are tried with `GATOR_NB_TEST_PROFILE=thorough`."""
    STORES[store](tmp_path).close()  # skips where the store cannot be had
    machine = type(f"{store.title()}Machine", (StoreMachine,), {"store": store})
    run_state_machine_as_test(machine, settings=EXAMPLES)
