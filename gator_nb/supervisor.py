"""The loop of a worker: claim, run, settle, renew, reap. User code runs in its executor.

It sleeps until the store or a task wakes it. Each pass is a short list of steps; a step that
finds the store away changes nothing and is tried again.
"""

import statistics
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from .backends.base import Answer, Beat, Claimed
from .client import reap
from .constants import EVERY, RENEW_EVERY
from .errors import GatorError, StoreUnavailable
from .executors.base import Executor, Report
from .executors.thread import ThreadExecutor
from .liveness import LifeLock
from .runtime import Try

if TYPE_CHECKING:
    from .worker import Worker

_BATCH_SECONDS = 0.020
"""Work that one claim takes, by the recent median: long enough to share a round trip, short
enough that nobody else could have run it sooner."""
_BATCH_LIMIT = 200
_LONG = 0.050
"""Seconds after which a task counts as long: what waits behind it goes back, and it is told of."""
_TELL_EVERY = 0.1
"""Seconds between two reports of what runs, and between two looks for requests to stop."""
_REAP_EVERY = 0.7
"""Seconds: a dead worker is found within two."""
_LOOK_EVERY = 2.0
"""Seconds after which an idle worker looks for work though nothing woke it."""
_C_CODE_AFTER = 1.0
"""Seconds after an interruption when code that still runs must be outside of Python."""
_LAST_TRIES = 5.0
"""Seconds that a stopping worker goes on trying to reach a store that is away."""


class Supervisor:
    """One run of a worker, from its registration to its end; lives on one thread."""

    def __init__(self, worker: "Worker") -> None:
        self.worker = worker
        self.client = worker.gator.client
        self.backend = self.client.backend
        self.listener = self.backend.listen(["work"], nap_time=worker.nap_time)
        self.executor: Executor = ThreadExecutor(
            self.client, worker.threads, worker.gator.task_class, self.listener.wake
        )
        self.deadline: float | None = None
        """When stopping: the time at which what still runs is interrupted."""
        self.clean = False
        """Nothing runs any more; set at the end."""
        self._life = LifeLock() if self.backend.persistent else None
        self._held: dict[str, Claimed] = {}
        self._reports: list[Report] = []
        self._durations: deque[float] = deque([_BATCH_SECONDS], maxlen=50)
        self._announced: set[str] = set()
        self._canceling: dict[str, float] = {}
        self._steps_told: dict[str, str] = {}
        self._giving_back: list[Claimed] = []
        self._look = self._ask = True
        self._idle = False
        self._next_due: float | None = None
        self._looked_at = self._told_at = self._renewed_at = self._reaped_at = 0.0
        self._away_since: float | None = None

    # -- the way of a run ----------------------------------------------------------------------

    def run(self) -> None:
        """Serve until the worker is told to stop, then end as cleanly as the tasks allow."""
        try:
            self._guarded(self._register)
            while self._goes_on():
                self._guarded(self._pass)
                self._sleep(self._pause())
            self._wind_down()
        finally:
            self._leave()

    def _goes_on(self) -> bool:
        worker = self.worker
        finished = worker.max_tasks and worker.tasks_complete >= worker.max_tasks
        return worker.keep_running and not finished

    def _pass(self) -> None:
        self._settle()
        self._claim()
        self._give_back()
        self._tell()
        self._reap()

    def _pause(self) -> float:
        """How long to sleep when nothing wakes us."""
        pause = self.worker.nap_time
        if self._held:
            pause = min(pause, _LONG if self.executor.waiting() else _TELL_EVERY)
        if self._next_due is not None:
            pause = min(pause, max(0.001, self._next_due - self.backend.now()))
        return pause

    def _sleep(self, seconds: float) -> None:
        if self.listener.wait(seconds):
            self._look = self._ask = True

    def _wind_down(self) -> None:
        """Give back what has not begun, wait for what runs, interrupt it at the deadline."""
        self._giving_back += self.executor.withdraw()
        given_up: float | None = None
        while self._held:
            now = time.monotonic()
            if self.deadline is not None and now >= self.deadline:
                given_up = given_up or now + _C_CODE_AFTER
                for one in self.executor.running():
                    self.executor.interrupt(one.record.id, "stop")
            if given_up is not None and now >= given_up:
                break
            if self._away_since is not None and now - self._away_since > _LAST_TRIES:
                break
            self._guarded(self._settle)
            self._guarded(self._give_back)
            self._guarded(self._tell)
            self._sleep(_LONG)
        self._guarded(self._settle)
        self.clean = self.executor.close()

    def _leave(self) -> None:
        """Sign off. While a thread still runs the claim must stand, so the registration stays."""
        self.listener.close()
        if not self.clean:
            return
        try:
            self.backend.unregister(self.worker.id)
        except GatorError as error:
            self.worker.log.warning("%s could not sign off: %s", self.worker.ident(), error)
        if self._life is not None:
            self._life.free()

    def _guarded(self, step: Callable[[], None]) -> None:
        """A store that is away for a while stops nothing: what runs goes on, what ended waits."""
        try:
            step()
            self._away_since = None
        except StoreUnavailable as error:
            now = time.monotonic()
            if self._away_since is None:
                self._away_since = now
                self.worker.log.warning("the store is away, trying again: %s", error)
            self.listener.wait(min(5.0, 0.1 + (now - self._away_since) / 2))

    # -- the steps -----------------------------------------------------------------------------

    def _register(self) -> None:
        worker, queues = self.worker, self.worker.queues
        presence = self.client.presence(worker.id, "worker", self._life)
        self.backend.register(
            presence._replace(
                name=worker.name or f"{presence.host}:{presence.pid}",
                queues=(EVERY,) if queues is None else queues,
                lanes=self.client.lanes,
                slots=self.executor.slots,
            )
        )
        self._renewed_at = time.monotonic()

    def _settle(self) -> None:
        """Tell the store what has ended, all in one call; nothing is dropped before it answered."""
        self._reports += self.executor.reports()
        if not self._reports:
            return
        settled = [report for report in self._reports if report.ended.settlement is not None]
        stopped = [report.claimed for report in self._reports if report.ended.settlement is None]
        ends = [r.ended.settlement for r in settled if r.ended.settlement is not None]
        answers = self.backend.settle(ends) if ends else []
        self._release(stopped)
        for report, answer in zip(settled, answers, strict=True):
            self._count(report, answer)
        self._reports = []

    def _count(self, report: Report, answer: Answer) -> None:
        task_id = report.claimed.record.id
        self._durations.append(report.seconds)
        self._let_go(task_id)
        if answer is Answer.LOST:
            self.worker.fenced += 1
            self.worker.log.warning("the result of task %s is dropped: its claim had gone", task_id)
        else:
            self.worker.tasks_complete += 1

    def _release(self, claimed: list[Claimed]) -> None:
        if claimed:
            self.backend.release([(one.record.id, one.record.claim or "") for one in claimed])
            for one in claimed:
                self._let_go(one.record.id)

    def _let_go(self, task_id: str) -> None:
        self._held.pop(task_id, None)
        self._announced.discard(task_id)
        self._canceling.pop(task_id, None)
        self._steps_told.pop(task_id, None)

    def _claim(self) -> None:
        wanted = self._wanted()
        if wanted <= 0 or not self._worth_looking():
            return
        self._looked_at, self._look = time.monotonic(), False
        claimed = self.backend.claim(self.worker.id, self.worker.queues, self.client.lanes, wanted)
        self._idle = not claimed
        self._held.update((one.record.id, one) for one in claimed)
        if claimed:
            self.executor.submit(claimed)
        else:
            self._next_due = self.backend.next_due()

    def _wanted(self) -> int:
        """How many to claim: what fits `_BATCH_SECONDS` by the recent median; one a slot at least."""
        median = max(statistics.median(self._durations), 1e-5)
        batch = max(self.executor.slots, min(_BATCH_LIMIT, int(_BATCH_SECONDS / median)))
        if self.worker.max_tasks:
            batch = min(batch, self.worker.max_tasks - self.worker.tasks_complete)
        missing = batch - len(self._held)
        has_slot = len(self._held) < self.executor.slots
        return missing if has_slot or missing * 2 >= batch else 0

    def _worth_looking(self) -> bool:
        due = self._next_due is not None and self.backend.now() >= self._next_due
        late = time.monotonic() - self._looked_at >= _LOOK_EVERY
        return not self._idle or self._look or due or late

    def _give_back(self) -> None:
        """What waits behind a long task is somebody else's to run."""
        if self.executor.waiting() and time.monotonic() - self._looked_at >= _LONG:
            self._durations.append(_LONG)
            self._giving_back += self.executor.withdraw()
        self._release(self._giving_back)
        self._giving_back.clear()

    def _tell(self) -> None:
        """Renew the lease, pass on what tasks told, and hear which of them are to stop."""
        now = time.monotonic()
        if now - self._told_at < _TELL_EVERY:
            return
        asked, self._ask = self._ask, False
        long = [one for one in self.executor.running() if one.elapsed >= _LONG]
        news = [one for one in long if asked or self._has_news(one)]
        if now - self._renewed_at >= RENEW_EVERY:
            news = long
        elif not news:
            return
        answers = self.backend.renew(self.worker.id, [self._beat(one) for one in news])
        self._told_at = self._renewed_at = now
        for one, answer in zip(news, answers, strict=True):
            self._announced.add(one.record.id)
            self._heed(one, answer)

    def _has_news(self, one: Try) -> bool:
        unannounced = not one.record.begun and one.record.id not in self._announced
        stepped = self._step(one.record.id) != self._steps_told.get(one.record.id)
        return one.told.is_set() or unannounced or stepped

    def _beat(self, one: Try) -> Beat:
        task_id = one.record.id
        one.told.clear()
        step = self._step(task_id)
        if step is not None:
            self._steps_told[task_id] = step
        return Beat(
            task_id,
            one.record.claim or "",
            begun=True,
            progress=one.progress_text(),
            metrics=one.metrics_text(),
            cancel_step=step,
            log=one.sink.take(),
        )

    def _heed(self, one: Try, answer: Answer) -> None:
        if answer is Answer.CANCEL:
            self._canceling.setdefault(one.record.id, time.monotonic())
            self.executor.interrupt(one.record.id, "cancel")
        elif answer is Answer.LOST:
            self.executor.interrupt(one.record.id, "lost")

    def _step(self, task_id: str) -> str | None:
        """How far a cancel has come."""
        asked = self._canceling.get(task_id)
        if asked is None:
            return None
        return "in C code" if time.monotonic() - asked > _C_CODE_AFTER else "interrupted"

    def _reap(self) -> None:
        now = time.monotonic()
        if now - self._reaped_at >= _REAP_EVERY:
            self._reaped_at = now
            self._look |= bool(reap(self.backend))
