"""In the kernel: the memory store beside a thread pool, with cloudpickle both ways and without."""

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import cloudpickle

from gator_nb import Gator

from .measure import BARE, OURS, Case, Plan, Target, p50_and_p99, seconds_of
from .work import closure

_TASKS = 2000
_CALLS = 300

_MANY = "memory: a task among many"
_PUSH = "memory: push one by one"
_HALF = "memory: push to result, p50"
_RARE = "memory: push to result, p99"

TARGETS = [Target(_MANY, BARE, 1 / 2), Target(_HALF, BARE, 1 / 2)]


@contextmanager
def cases(plan: Plan) -> Iterator[list[Case]]:
    """One thread each; Dask's is a scheduler and a worker in this process."""
    ways = {BARE: _bare, OURS: _ours}
    if plan.peers:
        ways |= {"ThreadPoolExecutor": _threads, "dask": _dask}
    yield [
        Case.one(_PUSH, OURS, "µs", partial(_pushed, plan)),
        *(Case.one(_MANY, who, "µs", partial(_many, way, plan)) for who, way in ways.items()),
        *(
            Case(who, {_HALF: "µs", _RARE: "µs"}, partial(_one, way, plan))
            for who, way in ways.items()
        ),
    ]


def _many(way: "_Way", plan: Plan) -> float:
    count = plan.count(_TASKS)
    with way() as (_, gather):
        taken = seconds_of(lambda: gather(count))
    return taken / count * 1e6


def _one(way: "_Way", plan: Plan) -> tuple[float, float]:
    with way() as (call, _):
        call()
        return p50_and_p99(plan.count(_CALLS), call, 1e6)


def _pushed(plan: Plan) -> float:
    """Nobody runs them meanwhile."""
    function, count = closure(), plan.count(_TASKS)
    with Gator("memory://") as gator:
        taken = seconds_of(lambda: [gator.task(function, number) for number in range(count)])
    return taken / count * 1e6


# -- the ways: each answers how to make one call, and how to make many ----------------------------

_Calls = tuple[Callable[[], None], Callable[[int], None]]
_Way = Callable[[], AbstractContextManager[_Calls]]


@contextmanager
def _ours() -> Iterator[_Calls]:
    function = closure()
    with Gator("memory://") as gator:
        gator.start_worker(threads=1)

        def call() -> None:
            assert gator.task(function, 1).get() == 6

        def gather(count: int) -> None:
            assert gator.map(function, range(count)).get()[-1] == count + 4

        yield call, gather


@contextmanager
def _bare() -> Iterator[_Calls]:
    with ThreadPoolExecutor(1) as pool:
        yield _by(pool, _through_pickle, closure())


@contextmanager
def _threads() -> Iterator[_Calls]:
    """No snapshot: the pool is given the function as it is."""
    with ThreadPoolExecutor(1) as pool:
        yield _by(pool, None, closure())


@contextmanager
def _dask() -> Iterator[_Calls]:
    from distributed import Client

    with Client(
        processes=False, n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as client:
        yield _by(client.get_executor(pure=False), None, closure())


def _by(
    pool: Executor, through: Callable[[bytes], bytes] | None, function: Callable[[int], int]
) -> _Calls:
    def submit(number: int) -> Callable[[], int]:
        if through is None:
            return pool.submit(function, number).result
        sent = pool.submit(through, cloudpickle.dumps((function, (number,))))
        return lambda: pickle.loads(sent.result())  # type: ignore[no-any-return]

    def call() -> None:
        assert submit(1)() == 6

    def gather(count: int) -> None:
        values = [value() for value in [submit(number) for number in range(count)]]
        assert values[-1] == count + 4

    return call, gather


def _through_pickle(data: bytes) -> bytes:
    function, args = pickle.loads(data)
    return pickle.dumps(function(*args))
