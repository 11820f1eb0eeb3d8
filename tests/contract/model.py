"""The queue once more, as plainly as it can be said: a dict of tasks, and loops over all of them.

It shares the words of `states` with the stores and nothing else, and has no index to get wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from gator_nb.constants import DAY, MAX_LOSSES
from gator_nb.states import (
    BLOCKED,
    CANCELED,
    DELAYED,
    FAILED,
    RETRYING,
    RUNNING,
    SUCCESS,
    TERMINAL,
    WAITING,
    Status,
)

LEASE = 40.0


@dataclass
class ModelTask:
    id: str
    queue: str
    order: tuple[int, int]
    priority: int = 0
    status: Status = WAITING
    key: str | None = None
    session: str | None = None
    due: float | None = None
    expires: float | None = None
    held: bool = False
    depends_on: tuple[str, ...] = ()
    waits_for: set[str] = field(default_factory=set)
    retries: int = 0
    on_lost: str | None = None
    limit: tuple[str, int] | None = None
    name: str | None = None
    group: str | None = None
    keep: float = 0.0
    origin: str = ""
    attempts: int = 0
    losses: int = 0
    alone: bool = False
    begun: bool = False
    asked: bool = False
    forced: bool = False
    worker: str | None = None
    claim: str | None = None
    settled: str | None = None
    started: bool = False
    reason: str | None = None
    finished: float = 0.0
    checkpoint: str | None = None
    """The task whose checkpoint it goes on from."""

    @property
    def done(self) -> bool:
        return self.status in TERMINAL


class Model:
    def __init__(self, now: float) -> None:
        self.now = now
        self.tasks: dict[str, ModelTask] = {}
        self.renewed: dict[str, float] = {}
        self.kernels: set[str] = set()
        self.paused: set[str] = set()
        self.saved: dict[str, bytes] = {}
        self.whole: dict[str, float] = {}
        """Blobs that are there, and when they were stored or asked for last."""
        self.owns: dict[str, set[str]] = {}
        """Blobs by task."""

    # -- what follows from what ---------------------------------------------------------------

    def settle_down(self, task: ModelTask) -> None:
        """An unstarted task stands where its dependencies, its hold and its time say."""
        if task.held or task.waits_for:
            task.status = BLOCKED
        elif task.due is not None and task.due > self.now:
            task.status = RETRYING if task.attempts else DELAYED
        else:
            task.status = WAITING

    def end(self, task: ModelTask, status: Status, reason: str | None) -> None:
        task.status, task.reason, task.finished = status, reason, self.now
        for waiter in self.tasks.values():
            if task.id in waiter.waits_for and not waiter.done:
                if status is SUCCESS:
                    waiter.waits_for.discard(task.id)
                    self.settle_down(waiter)
                else:
                    self.end(waiter, FAILED, "dependency")

    def keep_time(self) -> None:
        over = [one for one in self.unstarted() if (one.expires or self.now + 1) <= self.now]
        for task in sorted(over, key=lambda one: one.expires or 0.0):
            if not task.done:
                self.end(task, FAILED, "expired")
            elif any(self._expired_with(task, one) for one in over):
                task.reason = "said"  # a store may see the one or the other first
        for task in self.unstarted():
            late = task.due is not None and task.due <= self.now
            if task.status in (DELAYED, RETRYING) and late:
                task.status = WAITING

    def _expired_with(self, task: ModelTask, other: ModelTask) -> bool:
        return other is not task and other.expires == task.expires

    def unstarted(self) -> list[ModelTask]:
        return [one for one in self.tasks.values() if not one.done and one.status is not RUNNING]

    # -- pushes -------------------------------------------------------------------------------

    def reusable(self, queue: str, key: str | None) -> ModelTask | None:
        fitting = [
            one
            for one in self.tasks.values()
            if key is not None and one.key == key and one.queue == queue
            if one.status not in (FAILED, CANCELED)
        ]
        return max(fitting, key=lambda one: one.order[1], default=None)

    def add(self, task: ModelTask, depends_on: Iterable[str]) -> None:
        task.depends_on = tuple(depends_on)
        before = [self.tasks[one] for one in task.depends_on]
        task.waits_for = {one.id for one in before if one.status is not SUCCESS}
        self.tasks[task.id] = task
        self.settle_down(task)
        if any(one.status in (FAILED, CANCELED) for one in before):
            self.end(task, FAILED, "dependency")

    # -- claims -------------------------------------------------------------------------------

    def ready(self, queue: str) -> list[ModelTask]:
        """What a claim may find, in its order; each may run, though perhaps not all at once."""
        if queue in self.paused:
            return []
        waiting = [one for one in self.tasks.values() if one.status is WAITING]
        ours = [one for one in waiting if one.queue == queue and self.may_run(one)]
        return sorted(ours, key=lambda one: one.order)

    def may_run(self, task: ModelTask, besides: Iterable[ModelTask] = ()) -> bool:
        """Whether its limit lets it run while `besides` do so too."""
        if task.limit is None:
            return True
        name, most = task.limit
        running = [one for one in self.tasks.values() if one.status is RUNNING]
        same = [one for one in (*running, *besides) if one.limit and one.limit[0] == name]
        return len(same) < most

    def batch(self, line: list[ModelTask], limit: int) -> list[ModelTask]:
        """What one claim takes off a line: up to the first that is alone, or that one by itself."""
        taken: list[ModelTask] = []
        for task in line:
            if self.may_run(task, taken):
                if task.alone:
                    return taken or [task]
                taken.append(task)
            if len(taken) == limit:
                break
        return taken

    def start(self, task: ModelTask, worker: str, claim: str, *, by_itself: bool) -> None:
        task.status, task.worker, task.claim = RUNNING, worker, claim
        task.attempts += 1
        task.begun, task.started = by_itself, True
        task.held, task.due = False, None

    def stands(self, task_id: str, claim: str) -> bool:
        task = self.tasks.get(task_id)
        return task is not None and task.status is RUNNING and task.claim == claim

    def was_settled(self, task_id: str, claim: str) -> bool:
        task = self.tasks.get(task_id)
        return task is not None and task.settled == claim

    def settle(self, task_id: str, status: Status, due: float | None, retries: int) -> None:
        task = self.tasks[task_id]
        task.settled, task.retries = task.claim, retries
        if status in TERMINAL:
            self.end(task, status, None if status is SUCCESS else "said")
        elif task.asked:
            self.end(task, CANCELED, "canceled")
        else:
            task.status, task.due = RETRYING, self.now if due is None else due

    def settle_lost(self, task_id: str, retries: int) -> None:
        task = self.tasks[task_id]
        task.settled, task.retries = task.claim, retries
        if task.asked:
            self.end(task, CANCELED, "canceled")
            return
        task.losses, task.alone = task.losses + 1, True
        if task.on_lost == "fail" or task.losses >= MAX_LOSSES:
            self.end(task, FAILED, "lost")
        else:
            task.status, task.begun = WAITING, False

    def release(self, task_id: str) -> None:
        task = self.tasks[task_id]
        task.settled = task.claim
        if task.asked:
            self.end(task, CANCELED, "canceled")
        else:
            task.status, task.started = WAITING, False
            task.attempts -= 1

    # -- people and reapers -------------------------------------------------------------------

    def cancel(self, ids: Iterable[str], *, force: bool, unstarted_only: bool) -> None:
        ended = []
        for task in (self.tasks[one] for one in ids):
            if task.status is RUNNING:
                task.asked |= not unstarted_only
                task.forced |= force and not unstarted_only
            elif not task.done:
                task.status = CANCELED
                ended.append(task)
        for task in ended:
            self.end(task, CANCELED, "canceled")

    def hold(self, queue: str, spared: str) -> int:
        others = [one for one in self.unstarted() if one.session not in (None, spared)]
        found = [one for one in others if one.queue == queue]
        fresh = [one for one in found if not one.held]
        for task in fresh:
            task.held, task.status = True, BLOCKED
        return len(fresh)

    def unhold(self, queue: str) -> int:
        found = [one for one in self.unstarted() if one.queue == queue and one.held]
        for task in found:
            task.held = False
            self.settle_down(task)
        return len(found)

    def reap(self, dead: Iterable[str], living: Iterable[str]) -> set[str]:
        self.keep_time()
        silent = {one for one, when in self.renewed.items() if self.now - when >= LEASE}
        gone = (silent - set(living)) | set(dead)
        taken = [one for one in self.tasks.values() if one.status is RUNNING and one.worker in gone]
        for task in taken:
            self.lose(task)
        return {one.id for one in taken}

    def adopt(self, task_id: str, claim: str) -> None:
        """Its holder was thought lost and speaks again, before anybody else has claimed it."""
        task = self.tasks.get(task_id)
        if task is None or task.status is not WAITING or task.claim != claim:
            return
        if task.settled == claim or not self.may_run(task):
            return
        task.status, task.begun = RUNNING, True
        if task.started:
            task.losses -= 1
        else:
            task.attempts, task.started = task.attempts + 1, True

    def lose(self, task: ModelTask) -> None:
        if task.asked:
            self.end(task, CANCELED, "unconfirmed")
            return
        if not task.begun:
            task.attempts -= 1
            task.status, task.alone, task.started = WAITING, True, False
            return
        task.losses += 1
        fails = task.on_lost == "fail" or (task.on_lost is None and task.worker in self.kernels)
        if fails or task.losses >= MAX_LOSSES:
            self.end(task, FAILED, "lost")
        else:
            task.status, task.alone = WAITING, True

    # -- what goes ----------------------------------------------------------------------------

    def forgettable(self, before: float) -> dict[str, float]:
        """What may be forgotten, and when it ended."""
        newest = {(one.queue, one.name): one for one in self.tasks.values() if one.name}
        unfinished = [one for one in self.tasks.values() if not one.done]
        kept = {one.id for one in newest.values()}.union(*(one.depends_on for one in unfinished))
        groups = {one.group for one in (*newest.values(), *unfinished)}
        return {
            one.id: one.finished
            for one in self.tasks.values()
            if one.done and one.finished < min(before, self.now - DAY)
            if one.finished + one.keep <= self.now
            if one.id not in kept and (one.group is None or one.group not in groups)
        }

    def forget(self, task_id: str) -> None:
        del self.tasks[task_id]
        self.owns.pop(task_id, None)
        self.saved.pop(task_id, None)

    def forget_blobs(self) -> set[str]:
        """What nobody owns, nor has stored or asked for in a day."""
        owned = set().union(*self.owns.values())
        since = self.now - DAY
        gone = {one for one, at in self.whole.items() if one not in owned and at <= since}
        for name in gone:
            del self.whole[name]
        return gone

    def drop(self, queue: str) -> None:
        dropped = [one for one in self.tasks.values() if one.queue == queue]
        for task in dropped:
            self.forget(task.id)
        for task in dropped:
            for waiter in self.tasks.values():
                if task.id in waiter.waits_for and not waiter.done:
                    self.end(waiter, FAILED, "dependency")
