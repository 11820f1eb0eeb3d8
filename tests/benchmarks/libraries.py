"""What the queue costs other libraries: joblib on it beside loky and Dask, and a Dask cluster by
way of it beside Dask's own submit. Two slots each."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from distributed import Client, LocalCluster
from joblib import Parallel, delayed, parallel_config
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC

from gator_nb import Gator, Worker

from .measure import OURS, Case, Plan, Target, per_second

SLOTS = 2
SINGLE, BATCHED, WORKING, FITS = 300, 5_000, 100, 18
SECONDS = 0.02
"""Of a call that works."""

TARGETS: tuple[Target, ...] = ()
"""None is set: these figures tell when to use which."""


@contextmanager
def cases(plan: Plan) -> Iterator[list[Case]]:
    """The same calls by each way."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        here = stack.enter_context(Gator(f"sqlite:///{folder}/joblib.sqlite"))
        there = stack.enter_context(Gator(f"sqlite:///{folder}/dask.sqlite"))
        cluster = stack.enter_context(
            LocalCluster(
                n_workers=SLOTS, threads_per_worker=1, processes=True,
                dashboard_address="127.0.0.1:0",
            )
        )  # fmt: skip
        client = stack.enter_context(Client(cluster))
        stack.enter_context(Worker(here, processes=SLOTS))
        stack.enter_context(Worker(there, executor=client.get_executor()))
        yield [*_joblib(here, plan), *_dask(there, client, plan)]


def _nothing(n: int) -> int:
    return n


def _work(n: int) -> int:
    time.sleep(SECONDS)
    return n


def _work_longer(n: int) -> int:
    time.sleep(10 * SECONDS)
    return n


# -- joblib ----------------------------------------------------------------------------------------


def _joblib(gator: Gator, plan: Plan) -> list[Case]:
    ways = {
        OURS: gator.joblib,
        "loky": partial(parallel_config, "loky", n_jobs=SLOTS),
        "dask": partial(parallel_config, "dask"),
    }
    single, batched, working = map(plan.count, (SINGLE, BATCHED, WORKING))
    X, y = (part[:500] for part in load_digits(return_X_y=True))

    def search() -> None:
        GridSearchCV(SVC(), {"C": [0.1, 1, 10], "gamma": [1e-3, 1e-2]}, cv=3).fit(X, y)

    def calls(function: Callable[[int], int], count: int, **how: object) -> Callable[[], object]:
        return lambda: Parallel(**how)(delayed(function)(n) for n in range(count))

    kinds = {
        "joblib, each call a batch": (single, calls(_nothing, single, batch_size=1)),
        "joblib, batches as it finds": (batched, calls(_nothing, batched)),
        "joblib, calls of 20 ms": (working, calls(_work, working, batch_size=1)),
        "GridSearchCV, fits": (FITS, search),
    }
    return [
        Case.one(what, who, "/s", partial(_within, way, count, work))
        for what, (count, work) in kinds.items()
        for who, way in ways.items()
    ]


def _within(way: Callable[[], object], count: int, work: Callable[[], object]) -> float:
    with way():  # type: ignore[attr-defined]
        return per_second(count, work)


# -- Dask ------------------------------------------------------------------------------------------


def _dask(gator: Gator, client: Client, plan: Plan) -> list[Case]:
    def ours(function: Callable[[int], int], count: int) -> object:
        return gator.map(function, range(count)).get(timeout=600)

    def mapped(function: Callable[[int], int], count: int) -> object:
        return client.gather(client.map(function, range(count), pure=False))

    def submitted(function: Callable[[int], int], count: int) -> object:
        executor: Executor = client.get_executor(pure=False)
        return [one.result() for one in [executor.submit(function, n) for n in range(count)]]

    ways = {OURS: ours, "dask map": mapped, "dask submit": submitted}
    kinds = {
        "on a Dask cluster, short calls": (_nothing, plan.count(BATCHED)),
        "on a Dask cluster, calls of 20 ms": (_work, plan.count(WORKING)),
        "on a Dask cluster, calls of 200 ms": (_work_longer, plan.count(WORKING // 5)),
    }
    return [
        Case.one(what, who, "/s", partial(per_second, count, partial(way, function, count)))
        for what, (function, count) in kinds.items()
        for who, way in ways.items()
    ]
