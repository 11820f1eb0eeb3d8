"""`gator-nb worker --executor dask`: all that a Dask cluster has runs what waits in a store."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from gator_nb import Gator

from ..waiting import until
from .conftest import Serve, new_store, run_here


@pytest.fixture
def dsn(tmp_path: Path) -> str:
    return new_store("sqlite", tmp_path)


@pytest.fixture
def cluster() -> Iterator[LocalCluster]:
    """A Dask cluster of two processes, with two threads each."""
    with LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address="127.0.0.1:0"
    ) as one:
        yield one


@pytest.mark.slow
def test_it_works_until_it_is_told_to_end(
    serve: Serve, gator: Gator, cluster: LocalCluster
) -> None:
    worker = serve("--executor", "dask", "--scheduler", cluster.scheduler_address)
    assert "on a cluster" in worker.says("starting")["message"]
    assert gator.map(pow, range(50), [2] * 50).get(timeout=60)[-1] == 49**2
    until(lambda: [one.slots for one in gator.backend.presences() if one.queues] == [4])
    worker.process.send_signal(signal.SIGTERM)
    assert worker.end()[0] == 0


@pytest.mark.slow
def test_it_ends_when_the_cluster_does(
    serve: Serve, gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an exit code that has a service manager start it again. The address may be of Dask's own
    configuration, and its client waits a moment for the scheduler to come back."""
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    with LocalCluster(
        n_workers=1, processes=False, protocol="tcp", host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as cluster:  # fmt: skip
        monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", cluster.scheduler_address)
        worker = serve("--executor", "dask")
        assert gator.task(pow, 2, 10).get(60) == 1024
    assert "gone" in worker.says("executor-gone")["message"]
    assert worker.end()[0] == 1
    until(lambda: not [one for one in gator.backend.presences() if one.queues])


@pytest.mark.parametrize(
    ("options", "mend"),
    [
        (["--executor", "dask"], "give the address of the scheduler"),
        (["--scheduler", "tcp://127.0.0.1:1"], "goes with --executor dask"),
        (["--executor", "dask", "--threads", "2"], "leave --threads"),
        (["--executor", "dask", "--scheduler", "nonsense://x"], "no scheduler answers"),
    ],
)
def test_wrong_use_is_told(options: list[str], mend: str, dsn: str) -> None:
    told = run_here("worker", dsn, *options)
    assert told.code == 2
    assert mend in " ".join(told.err.replace("│", " ").split())
