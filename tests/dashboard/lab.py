"""A lab as large as a dashboard must bear: a month of tasks, as several people would leave them.

python -m tests.dashboard.lab sqlite:///lab.sqlite 1000000

Everything goes through the store's own verbs, by a clock that this file moves. The older tasks are
claimed ten at a time; the newest, which charts show, one by one.
"""

import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gator_nb import Gator, Status
from gator_nb.backends.base import Backend, Claimed, Presence, Push, Settlement
from gator_nb.client.client import Client
from gator_nb.definition import PYTHON, Definition, new_id
from gator_nb.payload import Call, CallHeader, Packing, seal_call
from gator_nb.record import Reason, lane_of, place_of

DAYS = 28
DONE_A_DAY = 5_000
"""Tasks that these machines get done by the next morning; of more, each takes less time."""
NEWEST = 3_000
"""Tasks that run one by one."""
QUEUED_SHARE = 0.02
DELAYED_SHARE = 0.002
CANCELED_SHARE = 0.008
_BATCH = 10


class Kind(NamedTuple):
    """What somebody runs again and again."""

    name: str
    queue: str
    tags: tuple[str, ...]
    share: float
    """Of all tasks."""
    seconds: float
    """The median of how long it takes; the rest is spread as such things are."""
    spread: float
    failing: float
    errors: tuple[str, ...]
    most: int
    """Tasks of one push."""
    parameters: Callable[[random.Random], dict[str, Any]] = lambda chance: {}
    steps: int = 0
    """Epochs, pages or files that it tells as progress."""
    run_in: str = "process"


_API = (
    "TimeoutError: the read operation timed out",
    "HTTPError: 503 Server Error: Service Unavailable for url: https://api.example.org/v2/series",
)
_MODEL = (
    "ValueError: Input X contains NaN.",
    "MemoryError: Unable to allocate 5.96 GiB for an array with shape (80000, 10000)",
    "RuntimeError: CUDA out of memory. Tried to allocate 2.44 GiB",
    "FloatingPointError: loss is nan at epoch 17",
)
_TABLE = (
    "KeyError: 'price_eur'",
    "FileNotFoundError: [Errno 2] No such file or directory: '/data/raw/2024-02-30.parquet'",
    "ParserError: Error tokenizing data. C error: Expected 14 fields in line 20331, saw 15",
)

KINDS = (
    Kind("fit forest", "research", ("sweep", "baseline"), 0.31, 48, 0.9, 0.03, _MODEL, 1200,
         lambda r: {"depth": r.randrange(2, 20), "lr": r.choice([0.01, 0.03, 0.1])}, 0),
    Kind("train net", "research", ("sweep", "gpu"), 0.06, 1450, 0.7, 0.08, _MODEL, 96,
         lambda r: {"lr": round(10 ** r.uniform(-4, -1), 5), "width": 2 ** r.randrange(5, 11)}, 50),
    Kind("bootstrap", "research", ("paper",), 0.27, 2.4, 0.4, 0.002, _MODEL, 2000,
         lambda r: {"seed": r.randrange(100_000)}),
    Kind("download series", "etl", ("nightly", "api"), 0.14, 1.3, 1.0, 0.07, _API, 600,
         lambda r: {"page": r.randrange(1, 600)}, 0, "thread"),
    Kind("load day", "etl", ("nightly",), 0.09, 14, 0.5, 0.02, _TABLE, 60,
         lambda r: {"day": f"2024-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}"}, 12),
    Kind("rebuild features", "etl", (), 0.01, 310, 0.3, 0.05, _TABLE, 8,
         lambda r: {"table": r.choice(["trades", "users", "visits"])}, 40),
    Kind("score batch", "scoring", ("production",), 0.1, 6.5, 0.3, 0.004, _TABLE, 400,
         lambda r: {"part": r.randrange(400)}),
    Kind("render figure", "ana-thesis", ("figures",), 0.013, 21, 0.6, 0.11, _TABLE, 14,
         lambda r: {"figure": r.randrange(1, 15)}, 0, "thread"),
    Kind("report", "reports", ("weekly",), 0.007, 95, 0.4, 0.06, _TABLE, 4,
         lambda r: {"team": r.choice(["north", "south", "ops"])}, 0, "thread"),
)  # fmt: skip

WORKERS = (("gpu1", 4, "process"), ("gpu2", 4, "process"), ("mill", 8, "process"),
           ("ana-laptop", 4, "thread"))  # fmt: skip


@dataclass
class Lab:
    """Its people, machines and clock."""

    client: Client
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    time: float = 0.0
    """What the store takes for now."""
    pace: float = 1.0
    """How long each task takes, of what its kind does."""

    @property
    def backend(self) -> Backend:
        return self.client.backend

    def fill(self, count: int, tell: Callable[[str], None] = print) -> None:
        """Push `count` tasks over the month before now, and run most of them."""
        now = time.time()
        self.time = now - DAYS * 86_400
        self.pace = min(1.0, DONE_A_DAY * DAYS / count)
        backend: Any = self.backend
        before, backend.clock = backend.clock, lambda: self.time
        session, told = self.client.arrive(), 0
        workers = self._register()
        queued = int(count * (QUEUED_SHARE + DELAYED_SHARE))
        try:
            for done, size, kind in self._pushes(count - queued):
                left = count - queued - done
                self.time = max(self.time, _moment(now, 1 - left / count))
                pushed = self.backend.put(list(self._group(kind, size, session)))
                self._cancel_some([record.id for record in pushed])
                self._run(kind, workers, newest=left <= NEWEST)
                if done // 50_000 > told:
                    told = done // 50_000
                    tell(f"{done:,} tasks")
            self.time = now - 900
            for _, size, kind in self._pushes(queued):
                self.backend.put(list(self._group(kind, size, session, delayed=True)))
        finally:
            backend.clock = before
            for worker, _, _ in workers:
                self.backend.unregister(worker)

    def _register(self) -> list[tuple[str, int, str]]:
        ids = [(new_id(), slots, run_in) for _, slots, run_in in WORKERS]
        for (worker, slots, run_in), (name, *_) in zip(ids, WORKERS, strict=True):
            lanes = tuple(self._lanes(run_in))
            self.backend.register(
                Presence(worker, "worker", name=name, host=name, started=self.time, lease=1e9,
                         queues=("*",), lanes=lanes, slots=slots, python=PYTHON)
            )  # fmt: skip
        return ids

    def _lanes(self, run_in: str) -> list[str]:
        return [lane for lane in self.client.lanes(run_in) if place_of(lane) in (None, run_in)]

    def _pushes(self, count: int) -> Iterator[tuple[int, int, Kind]]:
        """How many were pushed before, how many are pushed now, and of what."""
        done, weights = 0, [kind.share / kind.most for kind in KINDS]
        while done < count:
            (kind,) = self.chance.choices(KINDS, weights)
            size = min(count - done, max(1, int(kind.most * self.chance.uniform(0.4, 1.0))))
            if count - done <= NEWEST:  # the newest are of every kind
                size = min(size, 60)
            yield done, size, kind
            done += size

    def _group(
        self, kind: Kind, size: int, session: str, *, delayed: bool = False
    ) -> Iterator[Push]:
        call = Call(math.sqrt, (2.0,), {})
        pattern = Definition(new_id(), call).to_push(self.client.keyring, kind.queue, session)
        payload, group = Packing().packed(call).payload, new_id() if size > 1 else None
        lane = lane_of(*pattern.record.lane.split("/")[:2], kind.run_in)
        for _ in range(size):
            task_id, some = new_id(), self.chance.random()
            record = pattern.record._replace(
                id=task_id, origin=task_id, queue=kind.queue, name=kind.name, label=kind.name,
                tags=kind.tags, call_key=None, lane=lane, group=group, retries=int(some < 0.05),
                due=self.time + 86_400 * some if delayed and some < 0.1 else None,
            )  # fmt: skip
            header = CallHeader(
                origin=task_id, queue=kind.queue, label=kind.name, python=PYTHON, options={},
                name=kind.name, function=f"lab.{kind.name.replace(' ', '_')}",
                parameters=kind.parameters(self.chance),
            )  # fmt: skip
            yield Push(record, seal_call(self.client.keyring, header, payload))

    def _cancel_some(self, ids: Sequence[str]) -> None:
        if self.chance.random() < 2 * CANCELED_SHARE and len(ids) > 1:
            self.backend.cancel(ids[len(ids) // 2 :], "ana")

    def _run(self, kind: Kind, workers: Sequence[tuple[str, int, str]], *, newest: bool) -> None:
        """Until nothing of this push is left."""
        slots = [worker for worker, n, place in workers if place == kind.run_in for _ in range(n)]
        free = dict.fromkeys(range(len(slots)), self.time)
        lanes = self._lanes(kind.run_in)
        while True:
            slot = min(free, key=free.__getitem__)
            self.time = max(self.time, free[slot])
            claimed = self.backend.claim(slots[slot], [kind.queue], lanes, 1 if newest else _BATCH)
            if not claimed:
                break
            begun = self.time
            seconds = self.chance.lognormvariate(math.log(kind.seconds), kind.spread)
            seconds *= self.pace
            self.time += seconds
            self._settle(kind, claimed, seconds)
            free[slot], self.time = self.time, begun
        self.time = max(free.values())

    def _settle(self, kind: Kind, claimed: Sequence[Claimed], seconds: float) -> None:
        self.backend.settle([self._ending(kind, one, seconds) for one in claimed])

    def _ending(self, kind: Kind, one: Claimed, seconds: float) -> Settlement:
        failed = self.chance.random() < kind.failing
        again = failed and one.record.retries > 0
        status = Status.RETRYING if again else Status.FAILED if failed else Status.SUCCESS
        reason = Reason.ERROR if failed else None
        error = self.chance.choice(kind.errors) if failed else None
        retries = one.record.retries - again
        done = self.chance.randrange(kind.steps) if failed and kind.steps else kind.steps
        progress = f'{{"done": {done}, "total": {kind.steps}}}' if kind.steps else None
        return Settlement(
            one.record.id, one.record.claim or "", status, retries, reason=reason, error=error,
            due=self.time if again else None, progress=progress,
            log=f"{kind.name}: {seconds:.1f} s\n".encode() if kind.steps else b"",
        )  # fmt: skip


def _moment(now: float, share: float) -> float:
    """When that share of the month's pushes was made: people push by day, from eight to seven."""
    days, part = divmod(share * DAYS, 1)
    return now - 86_400 * DAYS + 86_400 * (days + (8 + 11 * part) / 24)


def held(backend: Backend) -> int:
    """How many tasks a store has."""
    return sum(sum(by.values()) for by in backend.counts().values())


def main(dsn: str, wanted: int) -> None:
    with Gator(dsn) as gator:
        missing = wanted - held(gator.backend)
        if missing > 0:
            Lab(gator.client).fill(missing, lambda text: print(text, flush=True))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
