"""`gator.executor()` in libraries that take an executor, or its `map`."""

from collections.abc import Iterator
from pathlib import Path

import dask
import numpy as np
import pytest
from scipy.optimize import differential_evolution, rosen

from gator_nb import SUCCESS, Gator, Worker


@pytest.fixture
def gator(tmp_path: Path) -> Iterator[Gator]:
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as opened, Worker(opened, threads=2):
        yield opened


def test_a_graph_of_dask(gator: Gator) -> None:
    """`dask.compute(scheduler=)`: each step of the graph is a task, also of arrays and frames."""
    parts = [dask.delayed(pow)(n, 2) for n in range(5)]
    with gator.executor() as executor:
        assert dask.delayed(sum)(parts).compute(scheduler=executor) == 30
    assert gator.counts()[SUCCESS] >= 5


def test_a_search_of_scipy(gator: Gator) -> None:
    """`workers=` is anything like `map`: a generation is a push, and finds what it finds alone."""
    how = {"seed": 1, "maxiter": 3, "popsize": 5, "updating": "deferred", "polish": False}
    alone = differential_evolution(rosen, [(0, 2)] * 3, **how)
    with gator.executor() as executor:
        there = differential_evolution(rosen, [(0, 2)] * 3, workers=executor.map, **how)
    assert np.array_equal(alone.x, there.x)
    assert len(gator.tasks(limit=1000)) == there.nfev
