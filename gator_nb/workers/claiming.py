"""What a worker claims, and how much of it at a time."""

import statistics
import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..backends.base import Claimed
from ..errors import GatorError
from ..needs import Needs, from_text
from ..record import needs_in

if TYPE_CHECKING:
    from ..executors.base import Executor
    from .worker import Worker

_BATCH_SECONDS = 0.020
"""Work that one claim takes, by the recent median: long enough to share a round trip, short
enough that nobody else could have run it sooner."""
_BATCH_LIMIT = 400
_PART_MISSING = 3
"""A third of a batch is missing when more is claimed: with half of it, a slot had run dry before a
server had taken what had ended and handed out more."""
_LOOK_EVERY = 2.0
"""Seconds after which an idle worker looks for work though nothing woke it, and a busy one for
work of lanes that it does not know yet."""


class Claiming:
    """The claims of one worker: of its plain lanes in batches; while something waits that needs
    what the worker has, one at a time out of all lanes, so that no more is taken than there is."""

    def __init__(self, worker: "Worker", executor: "Executor") -> None:
        self._worker = worker
        self._backend = worker.gator.backend
        self._executor = executor
        self._capacities = worker.capacities
        self._durations: deque[float] = deque([_BATCH_SECONDS], maxlen=50)
        self._needy: dict[str, Needs] = {}
        """Lanes with ready tasks that need what this worker has."""
        self._unread: set[str] = set()
        self._idle = False
        """A look would find nothing, unless something has come since."""
        self._looked_around = False
        """What `look_around` asks is known since the last look; so is this, of the lanes alone."""
        self._listed = False
        self._listed_at = 0.0
        self.look = True
        """There may be something to claim."""
        self.looked_at = 0.0
        self.next_due: float | None = None
        self.lanes: tuple[str, ...] = executor.lanes
        """All that it has found it can serve."""

    @property
    def needy(self) -> bool:
        """Tasks wait for what this worker has, so that a look is due whenever one has ended."""
        return bool(self._needy)

    def took(self, seconds: float) -> None:
        """A task took so long, or had to be waited for so long."""
        self._durations.append(seconds)

    def wanted(self, held: int) -> int:
        """How many to claim: what the recent median says fits `_BATCH_SECONDS`, one a slot at
        least."""
        worker, slots = self._worker, self._executor.slots
        if not slots:
            return 0
        median = max(statistics.median(self._durations), 1e-5)
        batch = max(slots, min(_BATCH_LIMIT, int(_BATCH_SECONDS / median)))
        if worker.max_tasks:
            batch = min(batch, worker.max_tasks - worker.tasks_complete)
        busy = self._busy(held)
        missing = batch - busy
        return missing if busy < slots or missing * _PART_MISSING >= batch else 0

    def _busy(self, held: int) -> int:
        return held - sum(one.paused for one in self._executor.running())

    def claim(self, held: int) -> list[Claimed]:
        """What there is to run now, if it is time to look."""
        wanted = self.wanted(held)
        if wanted <= 0 or not self._worth_looking():
            return []
        self.looked_at, self.look = time.monotonic(), False
        free = min(wanted, self._executor.slots - self._busy(held))
        self._looked_around, self._listed, self.next_due = False, False, None
        claimed = self._claim(wanted, free)
        self._idle = not claimed or self._was_all(claimed, wanted)
        if claimed:
            self.looked_at = time.monotonic()  # a large call may have taken long to come
        return claimed

    def _was_all(self, claimed: list[Claimed], wanted: int) -> bool:
        """Whether there was nothing more to claim, so that there is no need to look before somebody
        pushes. Of several queues a call takes from one."""
        queues = self._worker.queues
        one_queue = queues is not None and len(queues) == 1
        plain = not self._needy and not any(one.record.alone for one in claimed)
        return one_queue and plain and len(claimed) < wanted

    def look_around(self) -> None:
        """Once a look has found no more, and nothing has come for a moment: see what waits in lanes
        with needs, and when the next task will be due."""
        if self.calm_in() != 0:
            return
        if not self._listed:
            self._list_lanes()
            self._idle = not self._fitting()
        self.next_due, self._looked_around = self._backend.next_due(), True

    def calm_in(self) -> float | None:
        """Seconds until it is time to look around; None: nothing is to be seen there."""
        if not self._idle or self._looked_around:
            return None
        return max(0.0, self.looked_at + _BATCH_SECONDS - time.monotonic())

    def _worth_looking(self) -> bool:
        due = self.next_due is not None and self._backend.now() >= self.next_due
        late = time.monotonic() - self.looked_at >= _LOOK_EVERY
        return not self._idle or self.look or due or late

    def _claim(self, wanted: int, free: int) -> list[Claimed]:
        if time.monotonic() - self._listed_at >= _LOOK_EVERY:
            self._list_lanes()
        if self._fitting():
            claimed = self._one_by_one(free)
            if len(claimed) < free:
                self._list_lanes()  # there may be none left of those known
            return claimed
        claimed = self._take(self._executor.lanes, wanted)
        if not claimed:
            self._list_lanes()
            claimed = self._one_by_one(free) if self._fitting() else []
        return claimed

    def _one_by_one(self, number: int) -> list[Claimed]:
        """By rank, each with what it needs taken before the next is asked for."""
        claimed: list[Claimed] = []
        while len(claimed) < number:
            try:
                found = self._take((*self._executor.lanes, *self._fitting()), 1)
            except GatorError:
                if claimed:
                    break  # the next look will tell of it
                raise
            if not found:
                break
            claimed += found
        return claimed

    def _take(self, lanes: Sequence[str], number: int) -> list[Claimed]:
        claimed = self._backend.claim(self._worker.id, self._worker.queues, lanes, number)
        for one in claimed:
            needs = from_text(needs_in(one.record.lane))
            if needs:
                self._capacities.take(one.record.claim or "", needs)
        return claimed

    def _fitting(self) -> list[str]:
        """The lanes known whose needs fit beside what runs."""
        return [lane for lane, needs in self._needy.items() if self._capacities.fits_now(needs)]

    def _list_lanes(self) -> None:
        """See which lanes with needs have tasks that could run here."""
        self._listed_at, self._listed = time.monotonic(), True
        self._needy = {}
        for lane in sorted(self._backend.lanes(self._worker.queues)):
            needs = needs_in(lane)
            if needs and lane.removesuffix(needs) in self._executor.lanes:
                wanted = self._read(lane, needs)
                if wanted and self._capacities.fits(wanted):
                    self._needy[lane] = wanted
        fresh = [lane for lane in self._needy if lane not in self.lanes]
        self.lanes = (*self.lanes, *fresh)

    def _read(self, lane: str, needs: str) -> Needs | None:
        """What a lane's tasks need; None where that is nothing that gator_nb writes."""
        try:
            return from_text(needs)
        except ValueError:
            if lane not in self._unread:
                self._unread.add(lane)
                self._worker.log.warning(
                    "%s passes over what needs %.200r: that cannot be read",
                    self._worker.ident(), needs,
                )  # fmt: skip
            return None
