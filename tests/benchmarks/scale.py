"""What grows with what is stored: verbs and tasks with a thousand to a million queued, calls of one
map, a thousand who wait, and two processes instead of one.

Each store is there once for each number of tasks, and all are asked in turn, so that a machine
whose speed drifts slows them alike.
"""

import asyncio
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import apsw

from gator_nb import SUCCESS, Gator, Worker
from gator_nb.backends.base import Backend, Push, Settlement
from gator_nb.backends.redis import RedisBackend
from gator_nb.backends.sqlite import SQLiteBackend
from gator_nb.definition import new_id
from gator_nb.errors import TaskCanceled
from gator_nb.record import Record, lane_of

from ..redis.servers import RunningServer, running
from .measure import OURS, Case, Limit, Plan, Target, Unit, p50_and_p99, seconds_of
from .own_queue import own_queue
from .work import closure

_LEVELS = (1_000, 10_000, 100_000, 1_000_000)
_VERBS = ("push", "claim", "cancel")
_MOST_TIMES = 1.5
_MOST_BYTES = 1024
_TIMES = 200
_BATCH = 500
"""Tasks that are put, claimed and settled together."""
_FILL = 1_000
_WAITING = 1_000
_MAPPED = (1_000, 10_000)
_MAPPED_ONCE = 100_000
_WORKER = "worker"
_LANE = lane_of("3.11", "a1b2c3d4")
_ENVELOPE, _OUTCOME = b"x" * 900, b"y" * 200
"""As long as those of a small closure."""


_PAIR = "sqlite: two CPU-bound tasks in two processes, of the time in one"


def _with(store: str, what: str, queued: int) -> str:
    return f"{store}, {queued:,} queued: {what}"


def _bytes_on(store: str, queued: int) -> str:
    return _with(store, "a task besides its call", queued)


TARGETS = [
    *(
        Target(
            _with(store, verb, _LEVELS[-1]), OURS, 1 / _MOST_TIMES, _with(store, verb, _LEVELS[0])
        )
        for store in ("sqlite", "redis")
        for verb in _VERBS
    ),
    *(Limit(_bytes_on(store, _LEVELS[-1]), _MOST_BYTES) for store in ("sqlite", "redis")),
    Limit(_PAIR, 0.6),
]


@contextmanager
def cases(plan: Plan) -> Iterator[list[Case]]:
    """The stores are filled here, which takes longer than all that is asked of them."""
    levels = [one for one in _LEVELS if one <= plan.tasks] if not plan.short else [100, 1_000]
    with ExitStack() as stack:
        stores = {
            "sqlite": stack.enter_context(_on_sqlite()),
            "redis": stack.enter_context(_on_redis()),
        }
        filled = [
            (name, level, *_filled(opened, level))
            for name, opened in stores.items()
            for level in levels
        ]
        yield [
            *(
                Case.one(_with(name, verb, level), OURS, "µs", partial(work, store, plan))
                for verb, work in _BY_VERB.items()
                for name, level, store, _ in filled
            ),
            *(
                Case.one(_bytes_on(name, level), OURS, "bytes", lambda size=size: size)
                for name, level, _, size in filled
            ),
            *_maps(plan),
            *_waiters(plan),
            *_processes(plan),
        ]


# -- the stores ------------------------------------------------------------------------------------

_Opened = Callable[[int], tuple[Backend, Callable[[], int]]]
"""Makes a store for so many tasks; answers how many bytes it takes up, too."""


@contextmanager
def _on_redis() -> Iterator[_Opened]:
    with running() as server, ExitStack() as stack:

        def opened(level: int) -> tuple[Backend, Callable[[], int]]:
            backend = RedisBackend(server.dsn(store=f"of{level}"))
            stack.callback(backend.close)
            return backend, partial(_memory_of, server)

        yield opened


def _memory_of(server: RunningServer) -> int:
    with server.client() as client:
        used: int = client.info("memory")["used_memory"]
        return used


@contextmanager
def _on_sqlite() -> Iterator[_Opened]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:

        def opened(level: int) -> tuple[Backend, Callable[[], int]]:
            file = Path(folder) / f"of{level}.sqlite"
            backend = SQLiteBackend(f"sqlite:///{file}")
            stack.callback(backend.close)
            return backend, partial(_size_of, file)

        yield opened


def _size_of(file: Path) -> int:
    """What is still in the journal included."""
    db = apsw.Connection(str(file))
    size: int = db.pragma("page_count") * db.pragma("page_size")
    db.close()
    return size


def _filled(opened: _Opened, tasks: int) -> tuple[Backend, float]:
    """A store with so many tasks, as many maps would push them; and the bytes of one, besides its
    envelope."""
    backend, taken = opened(tasks)
    before = taken()
    for start in range(0, tasks, _FILL):
        group = new_id()
        backend.put([_push(group) for _ in range(min(_FILL, tasks - start))])
    return backend, (taken() - before) / tasks - len(_ENVELOPE)


def _push(group: str | None = None) -> Push:
    task_id = new_id()
    record = Record(
        task_id,
        "all",
        lane=_LANE,
        origin=task_id,
        session="5f4baf13a17785d0",
        group=group,
        label="<lambda>",
        call_key=f"1:3.11:7f0a1d1ffb426d04:c2556f3dcf66a4f3:{task_id[:16]}",
    )
    return Push(record, _ENVELOPE)


# -- the verbs, each of which leaves as many tasks queued as there were ----------------------------


def _time_push(backend: Backend) -> float:
    taken = _timed(lambda: backend.put([_push()]))
    _claim(backend)
    return taken


def _time_claim(backend: Backend) -> float:
    taken = _timed(lambda: _claim(backend))
    backend.put([_push()])
    return taken


def _claim(backend: Backend) -> None:
    assert len(backend.claim(_WORKER, None, [_LANE], 1)) == 1


def _time_cancel(backend: Backend) -> float:
    (record,) = backend.put([_push()])
    return _timed(lambda: backend.cancel([record.id], by="me"))


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e6


def _middle(verb: Callable[[Backend], float], backend: Backend, plan: Plan) -> float:
    return statistics.median(verb(backend) for _ in range(plan.count(_TIMES)))


def _in_batches(backend: Backend, plan: Plan) -> float:
    """All that the store does for a task, many of them together: put, claimed, settled."""
    pushes = [_push() for _ in range(plan.count(_BATCH))]

    def work() -> None:
        backend.put(pushes)
        claimed = backend.claim(_WORKER, None, [_LANE], len(pushes))
        backend.settle([_settled(one.record) for one in claimed])
        assert len(claimed) == len(pushes)

    return seconds_of(work) / len(pushes) * 1e6


def _settled(record: Record) -> Settlement:
    return Settlement(record.id, record.claim or "", SUCCESS, 0, _OUTCOME)


_BY_VERB: dict[str, Callable[[Backend, Plan], float]] = {
    "push": partial(_middle, _time_push),
    "claim": partial(_middle, _time_claim),
    "cancel": partial(_middle, _time_cancel),
    "a task in batches": _in_batches,
}


# -- calls of one map ------------------------------------------------------------------------------


def _maps(plan: Plan) -> Iterator[Case]:
    """From the notebook's side: pushed, run by a thread of the kernel, fetched."""
    for count in (*_MAPPED, _MAPPED_ONCE):
        if count > plan.tasks or (plan.short and count > _MAPPED[0]):
            continue
        what, once = f"a task of a map of {count:,}, pushed, run and fetched", count == _MAPPED_ONCE
        yield Case(OURS, {what: "µs"}, partial(_map, plan.count(count)), once=once)


def _map(count: int) -> tuple[float]:
    function = closure()
    with own_queue() as gator:
        gator.start_worker(threads=1)

        def work() -> None:
            assert gator.map(function, range(count)).get(timeout=600)[-1] == count + 4

        return (seconds_of(work) / count * 1e6,)


# -- a thousand who wait ---------------------------------------------------------------------------

_ALONE = "sqlite: push to result in the kernel, p50"
_BESIDE = f"{_ALONE}, beside {_WAITING:,} that wait"
_AWAITED = f"sqlite: {_WAITING:,} coroutines, each awaits a task: one"


def _waiters(plan: Plan) -> Iterator[Case]:
    count = plan.count(_WAITING)
    tells: dict[str, Unit] = {_ALONE: "ms", _BESIDE: "ms"}
    yield Case(OURS, tells, partial(_beside_waiters, plan, count))
    yield Case.one(_AWAITED, OURS, "µs", partial(_awaited, count))


def _beside_waiters(plan: Plan, count: int) -> tuple[float, float]:
    """Those who wait are coroutines; what they wait for is not due yet."""
    function = closure()
    with own_queue() as gator:
        gator.start_worker(threads=1)

        def call() -> None:
            assert gator.task(function, 1).get(timeout=30) == 6

        call()
        alone, _ = p50_and_p99(plan.count(_TIMES), call, 1e3)
        held = gator.options(delay_by=3600).map(function, range(count))
        with _awaiting(held):
            beside, _ = p50_and_p99(plan.count(_TIMES), call, 1e3)
            held.cancel()
    return alone, beside


@contextmanager
def _awaiting(group: Sequence[object]) -> Iterator[None]:
    """Coroutines in a loop of another thread, one for each task, until all have ended."""
    begun = threading.Event()

    async def wait_for_all() -> None:
        waits = [asyncio.ensure_future(_end_of(task)) for task in group]
        await asyncio.sleep(0)
        begun.set()
        await asyncio.gather(*waits)

    thread = threading.Thread(target=lambda: asyncio.run(wait_for_all()))
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        thread.join()


async def _end_of(task: object) -> object:
    try:
        return await task  # type: ignore[misc]
    except TaskCanceled:
        return None


def _awaited(count: int) -> float:
    """From the push of all to the last one's result."""
    function = closure()

    async def work(gator: Gator) -> None:
        group = gator.map(function, range(count))
        assert (await asyncio.gather(*(_end_of(task) for task in group)))[-1] == count + 4

    with own_queue() as gator:
        gator.start_worker(threads=1)
        return seconds_of(lambda: asyncio.run(work(gator))) / count * 1e6


# -- one process, and two --------------------------------------------------------------------------

_LOOPS = 20_000_000


def _processes(plan: Plan) -> Iterator[Case]:
    yield Case.one(_PAIR, OURS, "x", partial(_pair, plan.count(_LOOPS)))


def count_up(number: int) -> int:
    total = 0
    for one in range(number):
        total += one
    return total


def _run_pair(gator: Gator, number: int) -> None:
    gator.map(count_up, [number, number]).get(timeout=120)


def _pair(number: int) -> float:
    taken = {}
    for slots in (1, 2):
        with own_queue() as gator, Worker(gator, processes=slots):
            gator.map(count_up, [1, 1]).get(timeout=60)  # its processes are up
            taken[slots] = seconds_of(partial(_run_pair, gator, number))
    return taken[2] / taken[1]
