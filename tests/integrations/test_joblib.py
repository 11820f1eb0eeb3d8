"""`with gator.joblib()`: joblib, and so scikit-learn, runs on the queue."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed, effective_n_jobs
from sklearn.datasets import load_digits, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC

from gator_nb import CANCELED, RUNNING, SUCCESS, Gator, Worker, current_task
from gator_nb.dashboard.poller import Poller
from gator_nb.dashboard.state import Session
from gator_nb.errors import TaskCanceled

from ..cli.conftest import Serving
from ..redis.servers import shared_server
from ..waiting import until


@pytest.fixture(
    params=[
        "memory",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("sqlite", "valkey")),
    ]
)
def gator(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gator]:
    if request.param == "valkey":
        conn = shared_server().dsn()
    else:
        conn = "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/tasks.sqlite"
    with Gator(conn) as opened:
        yield opened
        opened.stop_worker()
        assert opened.verify() == []


@pytest.fixture
def busy(gator: Gator) -> Gator:
    gator.start_worker(threads=2)
    return gator


def where(_: int) -> tuple[int, str | None]:
    task = current_task()
    return os.getpid(), None if task is None else task.task_id


# -- scikit-learn ---------------------------------------------------------------------------------


def search(X: np.ndarray, y: np.ndarray) -> GridSearchCV:
    return GridSearchCV(SVC(), {"C": [0.1, 1, 10], "gamma": [1e-3, 1e-2]}, cv=3).fit(X, y)


def test_a_grid_search_finds_what_it_finds_alone(busy: Gator) -> None:
    """Its fits are tasks, by their own name, to be seen on the page."""
    X, y = (part[:500] for part in load_digits(return_X_y=True))
    alone = search(X, y)
    with busy.joblib():
        there = search(X, y)
    assert np.array_equal(
        alone.cv_results_["mean_test_score"], there.cv_results_["mean_test_score"]
    )
    assert alone.best_params_ == there.best_params_
    assert alone.best_estimator_.score(X, y) == there.best_estimator_.score(X, y)
    names = {task.name.partition(" ×")[0] for task in busy.tasks()}
    assert names == {"_fit_and_score"}
    assert len({busy.client.record(task.task_id).group for task in busy.tasks()}) == 1


@pytest.mark.slow
def test_forests_and_scores_in_processes(tmp_path: Path) -> None:
    X, y = load_digits(return_X_y=True)
    alone = cross_val_score(RandomForestClassifier(20, random_state=0), X, y, cv=3)
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as gator, Worker(gator, processes=2):
        with gator.joblib():
            there = cross_val_score(RandomForestClassifier(20, random_state=0), X, y, cv=3)
            forest = RandomForestClassifier(20, random_state=0, n_jobs=2).fit(X, y)
        assert np.array_equal(alone, there)
        assert forest.score(X, y) > 0.9
        assert gator.tasks()


def test_the_data_of_a_search_is_stored_once(busy: Gator) -> None:
    """However many fits have it; of small data each fit carries its own."""
    X, y = make_classification(8_000, n_features=20, random_state=0)
    with busy.joblib():
        GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-6, 1e-3]}, cv=2).fit(X, y)
    names = [busy.client.record(task.task_id).refs for task in busy.tasks()]
    assert len(names) > 1
    assert len(set(names)) == 1
    assert len(names[0]) == 1


def test_large_data_is_stored_once(busy: Gator) -> None:
    """However many batches are given it."""
    data = np.arange(500_000.0)
    with busy.joblib():
        found = Parallel(batch_size=1)(delayed(lambda a, n: a[n])(data, n) for n in range(12))
    assert found == list(range(12))
    refs = {busy.client.record(task.task_id).refs for task in busy.tasks()}
    assert len(refs) == 1
    assert refs != {()}


# -- what joblib's own backends do -------------------------------------------------------------


def test_results_come_in_order_whatever_ends_first(busy: Gator) -> None:
    with busy.joblib():
        assert Parallel()(delayed(pow)(2, n) for n in range(50)) == [2**n for n in range(50)]
        found = Parallel(return_as="generator_unordered", batch_size=1)(
            delayed(pow)(2, n) for n in range(10)
        )
        assert sorted(found) == [2**n for n in range(10)]


@pytest.mark.slow
def test_it_runs_in_the_workers_of_the_queue(tmp_path: Path) -> None:
    """Wherever they are: here in processes of a `gator-nb worker` on a server."""
    dsn = shared_server().dsn()
    remote = Serving(dsn, tmp_path, "--processes", "2")
    with Gator(dsn) as gator:
        gator.map(abs, range(20)).get(timeout=60)
        with gator.joblib():
            assert effective_n_jobs(None) == 2
            found = Parallel(batch_size=1)(delayed(where)(n) for n in range(20))
        assert not {os.getpid(), remote.process.pid} & {pid for pid, _ in found}
        assert {task_id for _, task_id in found} == {
            task.task_id for task in gator.tasks() if task.name == "where"
        }
    remote.process.terminate()
    assert remote.end() == (0, "")


def test_as_many_jobs_as_the_workers_have_slots(gator: Gator) -> None:
    """Another number can be asked for; beyond what there is they wait."""
    with Worker(gator, threads=3) as worker:
        until(lambda: worker.registered.is_set(), 10)
        with gator.joblib():
            assert effective_n_jobs(None) == effective_n_jobs(-1) == 3
            assert effective_n_jobs(-2) == 2
            assert effective_n_jobs(8) == 8
            with pytest.raises(ValueError, match="no meaning"):
                effective_n_jobs(0)
        with gator.joblib(n_jobs=2):
            assert effective_n_jobs(None) == 2
    assert effective_n_jobs(None) == 1, "what it was before"


def test_a_single_slot_works_off_the_queue_too(gator: Gator) -> None:
    """What is for one job joblib runs where it is called, and nobody could see or stop it; that is
    for who asks for it."""
    with Worker(gator, threads=1) as worker:
        until(lambda: worker.registered.is_set(), 10)
        with gator.joblib():
            tasks = {task_id for _, task_id in Parallel()(delayed(where)(n) for n in range(3))}
        assert tasks == {task.task_id for task in gator.tasks()}
        with gator.joblib(n_jobs=1):
            assert Parallel()([delayed(where)(1)]) == [(os.getpid(), None)]


def test_short_calls_are_batched(busy: Gator) -> None:
    with busy.joblib():
        Parallel()(delayed(abs)(n) for n in range(2_000))
    assert len(busy.tasks(limit=5_000)) < 1_000


def test_an_error_is_the_users_own_and_ends_the_rest(busy: Gator) -> None:
    """What has not begun does not; the queue is left as usable as before."""

    def fail_at(n: int) -> int:
        if n == 3:
            raise KeyError("third")
        return n

    with busy.joblib():
        with pytest.raises(KeyError, match="third"):
            Parallel(batch_size=1, pre_dispatch=100)(delayed(fail_at)(n) for n in range(100))
        until(lambda: all(task.done() for task in busy.tasks(limit=200)), 30)
        assert Parallel()(delayed(fail_at)(n) for n in range(2)) == [0, 1]


def test_what_does_not_pickle_is_refused(busy: Gator) -> None:
    lock = threading.Lock()
    with busy.joblib(), pytest.raises(TypeError, match="lock"):
        Parallel()(delayed(lambda _: lock)(n) for n in range(3))


def test_nested_calls_run_where_their_task_runs(busy: Gator) -> None:
    def outer(n: int) -> list[tuple[int, str | None]]:
        return Parallel(n_jobs=2)(delayed(where)(k) for k in range(3))

    with busy.joblib():
        found = Parallel(batch_size=1)(delayed(outer)(n) for n in range(4))
    assert len({task_id for inner in found for _, task_id in inner}) <= 4
    assert len(busy.tasks()) == 4


def test_a_task_can_use_it_too(gator: Gator) -> None:
    """It takes no slot while it waits for its batches, so that one slot is enough."""
    gator.start_worker(threads=1)

    def outer() -> list[int]:
        with gator.joblib(n_jobs=2):
            return Parallel(batch_size=1)(delayed(pow)(2, n) for n in range(4))

    assert gator.task(outer).get(60) == [1, 2, 4, 8]


# -- what only a queue does --------------------------------------------------------------------


def stay(path: str) -> None:
    """Code that runs until it is stopped."""
    Path(path).touch()
    while True:
        pass


def test_a_batch_can_be_canceled_from_outside(busy: Gator, tmp_path: Path) -> None:
    """The call ends, and tells it."""

    def cancel() -> None:
        until(lambda: (tmp_path / "0").exists(), 30)
        until(lambda: any(task.status == RUNNING for task in busy.tasks()), 30)
        for task in busy.tasks():
            task.cancel()

    canceling = threading.Thread(target=cancel)
    canceling.start()
    with busy.joblib(), pytest.raises(TaskCanceled):
        Parallel(batch_size=1)(delayed(stay)(str(tmp_path / str(n))) for n in range(2))
    canceling.join()
    until(lambda: {task.status for task in busy.tasks()} == {CANCELED}, 30)


@pytest.mark.slow
def test_a_batch_is_seen_and_canceled_on_the_page(tmp_path: Path) -> None:
    """By the name of its function."""
    dsn = f"sqlite:///{tmp_path}/tasks.sqlite"

    def cancel() -> None:
        session = Session(dsn, lambda call: call(), Poller(dsn))
        until(lambda: (tmp_path / "0").exists() and (tmp_path / "1").exists(), 60)
        until(lambda: [one.name for one in session.records] == ["stay", "stay"], 60)
        session.cancel(session.records[0].id)
        until(lambda: session.counts.get("canceled") == 2, 60)
        session.close()

    with Gator(dsn) as gator, Worker(gator, threads=2), ThreadPoolExecutor(1) as person:
        canceled = person.submit(cancel)
        with gator.joblib(), pytest.raises(TaskCanceled):
            Parallel(batch_size=1)(delayed(stay)(str(tmp_path / str(n))) for n in range(2))
        canceled.result()


def test_options_are_those_of_tasks(busy: Gator) -> None:
    with busy.joblib(tags=["nightly"], priority=3, name="sweep"):
        Parallel()(delayed(abs)(n) for n in range(3))
    assert {task.status for task in busy.tasks(tag="nightly", name="sweep")} == {SUCCESS}
    with pytest.raises(TypeError, match="timeot"), busy.joblib(timeot=3):
        pass
