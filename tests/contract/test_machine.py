"""Whatever clients, workers and reapers do, in whatever order, a store stays equal to the model."""

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from gator_nb.backends.base import Answer, Beat, Claimed, Filter, Settlement
from gator_nb.constants import BLOB_GRACE
from gator_nb.errors import DependencyError, TaskRunning
from gator_nb.record import Record
from gator_nb.states import CANCELED, FAILED, RETRYING, RUNNING, SUCCESS

from .machine_clients import BLOBS, QUEUES, REFS, WORKERS, Clients, told
from .model import LEASE, ModelTask
from .specimens import LANE
from .stores import PARAMETERS, STORES, close_clean

_SOME_WORKERS = st.lists(st.sampled_from(WORKERS), max_size=2, unique=True)


class StoreMachine(Clients):
    """The same store, and every claim that was ever given out."""

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
            assert answer is told(task)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), text=st.binary(min_size=1, max_size=3))
    def save(self, data: st.DataObject, text: bytes) -> None:
        for task_id, claim in self._some_claims(data):
            answer = self.backend.save(task_id, claim, text)
            self.model.adopt(task_id, claim)
            if not self.model.stands(task_id, claim):
                assert answer is Answer.LOST
                continue
            task = self.model.tasks[task_id]
            self.model.saved[task_id], task.checkpoint = text, task_id
            assert answer is told(task)

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
                    self.model.owns[one.task_id] |= set(refs) & set(self.model.whole)
                    assert answer is Answer.DONE
                else:
                    done = self.model.was_settled(one.task_id, one.claim)
                    assert answer is (Answer.DONE if done else Answer.LOST)

    @rule(by=st.sampled_from(WORKERS), queue=st.sampled_from(QUEUES))
    def work_off(self, by: str, queue: str) -> None:
        """A quick worker ends what is ready; much of what follows needs tasks that have ended."""
        self.model.keep_time()
        while claimed := self.backend.claim(by, [queue], [LANE], 3):
            for one in claimed:
                task = self.model.tasks[one.record.id]
                self._start(task, one, by, by_itself=len(claimed) == 1)
            ends = [
                Settlement(*self.claims[-place], SUCCESS, 0, b"o")
                for place in range(len(claimed), 0, -1)
            ]
            assert set(self.backend.settle(ends)) == {Answer.DONE}
            for end in ends:
                self.model.settle(end.task_id, SUCCESS, None, 0)
        assert not self.model.ready(queue)

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

    @rule(dead=_SOME_WORKERS, living=_SOME_WORKERS)
    def reap(self, dead: list[str], living: list[str]) -> None:
        """Workers that crashed have simply stopped renewing; some are known to be dead, and some
        to live."""
        taken = self.backend.reap(dead, living)
        assert {one.id for one in taken} == self.model.reap(dead, living)

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
            saved = self.model.saved.get(task.checkpoint or "")
            assert self.backend.saved(record.id) == saved
        assert len(self.backend.page(limit=10_000).records) == len(ids)
        in_group = {one.id for one in self.model.tasks.values() if one.group == "g1"}
        page = self.backend.page(Filter(group="g1"), limit=10_000)
        assert {one.id for one in page.records} == in_group

    @invariant()
    def a_follower_knows_it_all(self) -> None:
        """A few changes at a time; at a reset it reads everything anew."""
        while True:
            changes = self.backend.changes(self.cursor, limit=2)
            self.cursor = changes.cursor
            found = self.backend.page(limit=10_000).records if changes.reset else changes.records
            self.followed = {} if changes.reset else self.followed
            self.followed.update((one.id, one) for one in found)
            if not changes.reset and len(found) < 2:
                break
        records = self.backend.page(limit=10_000).records
        assert self.followed == {one.id: one for one in records}

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
        self.clock.advance(BLOB_GRACE + 1)
        self.model.now = self.clock.time
        self.forget_large_values()
        assert set(BLOBS) - set(self.backend.blobs.missing(BLOBS)) == set(self.model.whole)


def _seen(one: Record | ModelTask) -> tuple[object, ...]:
    """What must be equal; of a task that is over nobody asks whether it was to run alone."""
    return one.status, one.attempts, one.losses, one.retries, one.alone and not one.done


EXAMPLES = settings(max_examples=settings().max_examples // 3, stateful_step_count=50)
MORE = {"memory": 2.0, "sqlite": 0.7}
"""So many times the usual number of lives: what takes several steps to come about is in few."""


@pytest.mark.timeout(900)  # a failure takes long to be made small
@pytest.mark.parametrize("store", PARAMETERS)
def test_a_store_stays_equal_to_the_model(store: str, tmp_path: Path) -> None:
    """Many more of its lives are tried with `GATOR_NB_TEST_PROFILE=thorough`."""
    STORES[store](tmp_path).close()  # skips where the store cannot be had
    _live(store, EXAMPLES)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("store", MORE)
def test_more_lives(store: str) -> None:
    """Of the stores that are quick."""
    _live(store, settings(EXAMPLES, max_examples=int(settings().max_examples * MORE[store])))


def _live(store: str, lives: settings) -> None:
    machine = type(f"{store.title()}Machine", (StoreMachine,), {"store": store})
    run_state_machine_as_test(machine, settings=lives)
