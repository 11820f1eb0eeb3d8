"""The loop of a worker: claim, run, settle, renew, reap. User code runs in its executor.

It sleeps until the store or a task wakes it. Each pass is a short list of steps; a step that
finds the store away changes nothing and is tried again.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..attempts.attempt import due_of
from ..attempts.oversized import settle
from ..attempts.running import Running
from ..backends.base import Answer, Beat, Claimed, Settlement
from ..constants import EVERY, RENEW_EVERY
from ..errors import GatorError
from ..executors.base import Report
from ..host.liveness import LifeLock
from ..needs import text_of
from .choosing import executor_for
from .claiming import Claiming
from .end_log import log_end
from .housekeeping import Housekeeping

if TYPE_CHECKING:
    from .worker import Worker

_LONG = 0.050
"""Seconds after which a task counts as long: what waits behind it goes back, and it is told of."""
_TELL_EVERY = 0.1
"""Seconds between two reports of what runs, and between two looks for requests to stop."""
_GIVE_UP_AFTER = 1.0
"""Seconds after its interruption when a stopping worker leaves a thread to itself."""
_LAST_TRIES = 5.0
"""Seconds that a stopping worker goes on trying to reach a store that is away."""
_FENCE_AT = 0.5
"""The part of its lease after which a worker that fences itself stops what runs: a process has five
seconds then before it is killed."""
_LONGEST_RETRY = 2.0
"""Seconds between two tries to reach a store that is away."""


class Supervisor:
    """One run of a worker, from its registration to its end; lives on one thread."""

    def __init__(self, worker: "Worker") -> None:
        self.worker = worker
        self.client = worker.gator.client
        self.backend = self.client.backend
        self.listener = self.backend.listen(["work"], nap_time=worker.nap_time)
        self.executor = executor_for(worker, self.listener.wake)
        self.deadline: float | None = None
        """When stopping: the time at which what still runs is interrupted."""
        self.clean = False
        """Nothing runs any more; set at the end."""
        self.stopped = threading.Event()
        """The stopping is over, cleanly or not."""
        self._registered = False
        self._life = LifeLock() if self.backend.persistent else None
        self._held: dict[str, Claimed] = {}
        """What was claimed and is not settled, by claim; so are the three below."""
        self._announced: set[str] = set()
        self._steps_told: dict[str, str | None] = {}
        self._untold: dict[str, bytes] = {}
        self._reports: list[Report] = []
        self._claiming = Claiming(worker, self.executor)
        self._told: tuple[object, ...] = ()
        """What may change of what the store knows of this worker."""
        self._giving_back: list[Claimed] = []
        self._ask = True
        self._next_timeout: float | None = None
        self._busy_at = time.monotonic()
        self._housekeeping = Housekeeping(self.backend, worker.id, worker.log)
        self._told_at = self._renewed_at = 0.0
        self.away_since: float | None = None

    # -- the way of a run ----------------------------------------------------------------------

    def run(self) -> None:
        """Serve until the worker is told to stop, then end as cleanly as the tasks allow."""
        if self.worker.self_fence:
            threading.Thread(target=self._fence, name="gator_nb fence", daemon=True).start()
        self.worker.capacities.look()
        try:
            while self._goes_on():
                self._guarded(self._pass)
                self._sleep(self._pause())
            self._wind_down()
        finally:
            self.stopped.set()

    def linger(self) -> None:
        """Keep the claims of what could not be stopped, and settle it when it ends after all. Once
        the store is closed here nothing can be settled: the claims stand until the code has ended.
        """
        while self._held and not self._lost_touch() and not self.backend.closed:
            self._guarded(self._settle)
            self._guarded(self._tell)
            self._sleep(_TELL_EVERY)
        while self.backend.closed and self.executor.running():
            time.sleep(_TELL_EVERY)
        self.clean = self.executor.close() and not self._held

    def _goes_on(self) -> bool:
        worker = self.worker
        finished = worker.max_tasks and worker.tasks_complete >= worker.max_tasks
        return worker.keep_running and not finished

    def _pass(self) -> None:
        if not self._registered:
            self._register()
        self._settle()
        self._limit_times()
        self._tell()  # before a claim: what was taken from us meanwhile is adopted, not begun again
        self._claim()
        self._give_back()
        self._keep_house()
        self._claiming.look_around()

    def _pause(self) -> float:
        """How long to sleep when nothing wakes us."""
        pause = min(self.worker.nap_time, self._housekeeping.every)
        if self._held:
            pause = min(pause, _LONG if self.executor.waiting() else _TELL_EVERY)
        if self._next_timeout is not None:
            pause = min(pause, self._next_timeout)
        calm_in = self._claiming.calm_in()
        if calm_in is not None:
            pause = min(pause, max(0.001, calm_in))
        due = self._claiming.next_due
        if due is not None and self._claiming.wanted(len(self._held)) > 0:
            pause = min(pause, max(0.001, due - self.backend.now()))
        return pause

    def _sleep(self, seconds: float) -> None:
        if not self.listener.wait(seconds):
            return
        heard = self.listener.heard()
        self._ask |= heard
        self._claiming.look |= heard or self._claiming.needy

    def _wind_down(self) -> None:
        """Give back what has not begun, wait for what runs, interrupt it at the deadline."""
        with self._in_a_hurry():
            if self._held:
                self._guarded(self._register)  # as one that ends: others see why it takes no more
            self._end_what_runs()
        self.clean = not self._held and self.executor.close()

    @contextmanager
    def _in_a_hurry(self) -> Iterator[None]:
        """A worker that ends does not wait long for a store that is away."""
        patience, self.backend.patience = self.backend.patience, min(1.0, self.backend.patience)
        try:
            yield
        finally:
            self.backend.patience = patience

    def _end_what_runs(self) -> None:
        self._giving_back += self.executor.withdraw()
        given_up: float | None = None
        while self._held and not self._lost_touch():
            now = time.monotonic()
            if self.deadline is not None and now >= self.deadline:
                given_up = given_up or now + _GIVE_UP_AFTER
                for one in self.executor.running():
                    self.executor.interrupt(one, "stop")
            late = given_up is not None and now >= given_up
            if late and self.executor.running() and not self.executor.kills:
                break
            self._guarded(self._settle)
            self._guarded(self._give_back)
            self._limit_times()
            self._guarded(self._tell)
            if self._held:
                self._sleep(_LONG)

    def _lost_touch(self) -> bool:
        """A stopping worker goes on trying to reach a store that is away, but not for ever."""
        return self.away_since is not None and time.monotonic() - self.away_since > _LAST_TRIES

    def idle_for(self) -> float:
        """Seconds for which nothing was held."""
        return 0.0 if self._held else time.monotonic() - self._busy_at

    def leave(self) -> None:
        """Sign off. While a thread still runs the claim must stand, so the registration stays."""
        self.listener.close()
        if self._held:
            self._warn("%s leaves %d tasks unsettled", self.worker.ident(), len(self._held))
        if self.executor.running():
            return
        try:
            with self._in_a_hurry():
                self.backend.unregister(self.worker.id)
        except GatorError as error:
            self._warn("%s could not sign off: %s", self.worker.ident(), error)
            if self._life is not None:
                self._life.let_go()  # its file stays, for others to find the lock free
        else:
            if self._life is not None:
                self._life.free()

    def _fence(self) -> None:
        """Others will soon take what runs here for lost. On a thread of its own, as the loop may be
        waiting for the store."""
        at = _FENCE_AT * self.executor.lease
        while not self.stopped.wait(_TELL_EVERY):
            if time.monotonic() - self._renewed_at > at:
                for one in self.executor.running():
                    self.executor.interrupt(one, "lost")

    def _guarded(self, step: Callable[[], None]) -> None:
        """A store that fails for a while stops nothing: what runs goes on, what ended waits."""
        try:
            if self.away_since is not None:
                self.backend.next_due()  # is it back? A step with nothing to do would not tell
            step()
            self.away_since = None
        except GatorError as error:
            now = time.monotonic()
            self._housekeeping.soon()
            if self.away_since is None:
                self.away_since = now
                self._warn("the store fails, trying again: %s", error)
            self.listener.wait(min(_LONGEST_RETRY, 0.1 + (now - self.away_since) / 2))

    def _warn(self, text: str, *about: object) -> None:
        """What is wrong with the store; whoever has closed it knows."""
        if not self.backend.closed:
            self.worker.log.warning(text, *about)

    # -- the steps -----------------------------------------------------------------------------

    def _register(self) -> None:
        worker, queues, told = self.worker, self.worker.queues, self._to_tell()
        presence = self.client.presence(worker.id, "worker", self._life)
        self.backend.register(
            presence._replace(
                name=worker.name or f"{presence.host}:{presence.pid}",
                queues=(EVERY,) if queues is None else queues,
                lanes=self._claiming.lanes,
                slots=self.executor.slots,
                has=text_of(worker.capacities.known()),
                draining=not self._goes_on(),
                lease=min(presence.lease, self.executor.lease),
                kernel=presence.kernel and not self.executor.apart,
            )
        )
        self._renewed_at = time.monotonic()
        self._registered, self._told = True, told
        worker.registered.set()

    def _to_tell(self) -> tuple[object, ...]:
        return self._claiming.lanes, self.executor.slots, self.worker.capacities.looked

    def _settle(self) -> None:
        """Tell the store what has ended, all in one call; nothing is dropped before it answered."""
        self._reports += self.executor.reports()
        if not self._reports:
            return
        settled = [report for report in self._reports if report.settlement is not None]
        stopped = [report.claimed for report in self._reports if report.settlement is None]
        ends = [self._end(r, r.settlement) for r in settled if r.settlement is not None]
        answers = settle(self.client, ends) if ends else []
        for claimed, answer in zip(stopped, self._release(stopped), strict=True):
            if answer is Answer.LOST:
                self._note_lost(claimed)
        for report, answer in zip(settled, answers, strict=True):
            self._count(report, answer)
        self._reports = []

    def _end(self, report: Report, settlement: Settlement) -> Settlement:
        """With the output that the store could not take before, and when a retry is due."""
        untold = self._untold.get(settlement.claim, b"")
        due = due_of(self.client, report.claimed.record, report.ended)
        if due is None and not untold:
            return settlement
        return settlement._replace(log=untold + settlement.log, due=due)

    def _count(self, report: Report, answer: Answer) -> None:
        self._claiming.took(report.seconds)
        self._busy_at = time.monotonic()
        self._let_go(report.claimed)
        if answer is Answer.LOST:
            self._note_lost(report.claimed)
        else:
            self.worker.tasks_complete += 1
            log_end(self.worker.log, report)

    def _note_lost(self, claimed: Claimed) -> None:
        """What a try had, or was about to have, is dropped."""
        self._registered = False
        self.worker.fenced += 1
        task_id = claimed.record.id
        self.worker.log.warning("the result of task %s is dropped: its claim had gone", task_id)

    def _release(self, claimed: list[Claimed]) -> list[Answer]:
        if not claimed:
            return []
        claims = [(one.record.id, one.record.claim or "") for one in claimed]
        answers = self.backend.release(claims)
        for one in claimed:
            self._let_go(one)
        return answers

    def _let_go(self, claimed: Claimed) -> None:
        claim = claimed.record.claim or ""
        self._held.pop(claim, None)
        self.worker.capacities.give_back(claim)
        self._announced.discard(claim)
        for known in (self._steps_told, self._untold):
            known.pop(claim, None)

    def _claim(self) -> None:
        claimed = self._claiming.claim(len(self._held))
        self._held.update((one.record.claim or "", one) for one in claimed)
        if claimed:
            self.executor.submit(claimed)
        if self._told != self._to_tell():
            self._registered = False

    def _give_back(self) -> None:
        """What waits behind a long task is somebody else's to run."""
        if self.executor.waiting() and time.monotonic() - self._claiming.looked_at >= _LONG:
            self._claiming.took(_LONG)
            self._giving_back += self.executor.withdraw()
        self._release(self._giving_back)
        self._giving_back.clear()

    def _tell(self) -> None:
        """Renew the lease, pass on what tasks told, and hear which of them are to stop."""
        now = time.monotonic()
        if now - self._told_at < _TELL_EVERY:
            return
        running = [one for one in self.executor.running() if one.claim in self._held]
        due = now - self._renewed_at >= RENEW_EVERY
        news = [one for one in running if self._ask or due or self._has_news(one)]
        if not news and not due:
            self._ask = False
            return
        beats = [self._beat(one) for one in news]
        answers = self.backend.renew(self.worker.id, beats)
        self._ask = False
        self._told_at = self._renewed_at = now
        for one, beat, answer in zip(news, beats, answers, strict=True):
            self._announced.add(one.claim)
            self._untold.pop(one.claim, None)
            self._steps_told[one.claim] = beat.cancel_step
            self._heed(one, answer)

    def _has_news(self, one: Running) -> bool:
        if one.elapsed < _LONG:
            return False
        unannounced = one.claim not in self._announced  # a cancel may have come before it began
        stepped = one.step() != self._steps_told.get(one.claim)
        return one.told or unannounced or stepped or one.claim in self._untold

    def _beat(self, one: Running) -> Beat:
        """What `one` told since the last beat that the store has taken."""
        one.told = False
        log = self._untold[one.claim] = self._untold.get(one.claim, b"") + one.sink.take()
        return Beat(
            one.record.id,
            one.claim,
            begun=True,
            progress=one.progress_text(),
            metrics=one.metrics_text(),
            cancel_step=one.step(),
            log=log,
        )

    def _heed(self, one: Running, answer: Answer) -> None:
        if answer is Answer.CANCEL:
            self.executor.interrupt(one, "cancel")
        elif answer is Answer.KILL:
            self.executor.interrupt(one, "kill")
        elif answer is Answer.LOST:
            self._registered = False  # whoever took the claim may have forgotten us too
            self.executor.interrupt(one, "lost")

    def _limit_times(self) -> None:
        """Interrupt what is over its time."""
        self._next_timeout = None
        for one in self.executor.running():
            if one.cause is not None:
                self.executor.interrupt(one, one.cause)  # it may not have been the moment before
            over = one.overdue()
            if over is not None and over >= 0:
                self.executor.interrupt(one, "timeout")
            elif over is not None:
                self._next_timeout = min(-over, self._next_timeout or -over)

    def _keep_house(self) -> None:
        known = {one.record.id for one in self._held.values()}
        self._claiming.look |= self._housekeeping.go_round(known)
