"""Who is served beside a flood: a small queue, a lane with needs, an urgent task.

One worker with one thread in this process. Each task tells when it ran, and what is judged is the
order of these times, which hangs little on how fast a machine is.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from gator_nb import EVERY, Gator, Group, Worker

from ..redis.servers import running
from .measure import OURS, Case, Limit, Plan, Unit

_FLOOD = 2000
_FEW = 400
_TURN = 20
_URGENT = 10
_PATIENCE = 120.0
_STORES = ("memory", "sqlite", "redis")

_QUEUES = "share of a small queue, while another has a flood"
_LANES = "share of a lane with needs, filled in turn with one without"
_AHEAD = "of a flood, ran before ten urgent ones pushed meanwhile"

TARGETS = [Limit(f"{store}: {_AHEAD}", 200) for store in _STORES]
"""A claim takes what runs within 20 ms."""


@contextmanager
def cases(plan: Plan) -> Iterator[list[Case]]:
    """Half is fair for the first two, and none would be best for the third."""
    kinds: dict[str, tuple[Unit, Callable[[Gator, Plan], float]]] = {
        _QUEUES: ("%", _queues),
        _LANES: ("%", _lanes),
        _AHEAD: ("tasks", _priorities),
    }
    with running() as server, tempfile.TemporaryDirectory() as folder:
        numbers = iter(range(1_000_000))

        def address(store: str) -> str:
            number = next(numbers)
            if store == "redis":
                return server.dsn(store=f"fair{number}")
            return "memory://" if store == "memory" else f"sqlite:///{Path(folder)}/{number}"

        def run(store: str, judge: Callable[[Gator, Plan], float]) -> float:
            with Gator(address(store)) as gator:
                return judge(gator, plan)

        yield [
            Case.one(f"{store}: {what}", OURS, unit, partial(run, store, judge), cold=True)
            for what, (unit, judge) in kinds.items()
            for store in _STORES
        ]


def _when(_number: int) -> int:
    """When it ran."""
    return time.monotonic_ns()


def _worker(gator: Gator) -> Worker:
    return Worker(gator, to_consume=EVERY, threads=1, has={"part": 1}, log_level=50)


def _times(group: Group) -> list[int]:
    found: list[int] = group.get(timeout=_PATIENCE)
    return found


def _queues(gator: Gator, plan: Plan) -> float:
    flood = gator.options(queue="flood").map(_when, range(plan.count(_FLOOD)))
    few = gator.options(queue="few").map(_when, range(plan.count(_FEW)))
    with _worker(gator):
        small, large = _times(few), _times(flood)
    beside = sum(one < max(small) for one in large)
    return 100 * len(small) / (len(small) + beside)


def _lanes(gator: Gator, plan: Plan) -> float:
    """Of what ran in the first half of the time."""
    needing = gator.options(needs={"part": 1})
    turns = max(1, plan.count(_FEW) // _TURN)
    pushed = [
        (gator.map(_when, range(_TURN)), needing.map(_when, range(_TURN))) for _ in range(turns)
    ]
    with _worker(gator):
        plain = [one for group, _ in pushed for one in _times(group)]
        needy = [one for _, group in pushed for one in _times(group)]
    first = sorted([*plain, *needy])[: len(plain)]
    return 100 * sum(one <= first[-1] for one in needy) / len(first)


def _priorities(gator: Gator, plan: Plan) -> float:
    with ExitStack() as stack:
        flood = gator.map(_when, range(plan.count(_FLOOD)))
        stack.enter_context(_worker(gator))
        flood[plan.count(_FLOOD) // 10].wait(_PATIENCE)
        urgent = gator.options(priority=50).map(_when, range(_URGENT))
        pushed = time.monotonic_ns()
        last = max(_times(urgent))
        return sum(pushed < one < last for one in _times(flood))
