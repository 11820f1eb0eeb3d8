"""A wait for what nobody can run says why, and what would help."""

from collections.abc import Iterator

import pytest

from gator_nb import SUCCESS, WAITING, Gator
from gator_nb.client.workforce import why_nobody_begins

from ..waiting import until
from .hosts import Host
from .servers import RunningServer


@pytest.fixture
def gator(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gator]:
    """A queue; a wait on it soon asks itself who should run what it waits for."""
    monkeypatch.setattr("gator_nb.client.waiter._NOBODY_AFTER", 0.2)
    with Gator(server.dsn()) as opened:
        yield opened


@pytest.fixture
def another_python(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is pushed is for a Python that no worker has."""
    monkeypatch.setattr("gator_nb.definition.PYTHON", "3.99")


def test_without_a_worker_it_says_how_to_start_one(
    gator: Gator, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, however long the wait goes on."""
    task = gator.task(abs, -1)
    with gator.client.watcher.subscribed(lambda records: None):
        future = task.future
        until(lambda: "no worker can run 1 task of queue 'all'" in caplog.text)
        assert f"gator-nb worker {gator.backend.address}" in caplog.text
        assert "gator.start_worker()" in caplog.text
        gator.start_worker()
        assert future.result(30) == 1
    assert caplog.text.count("no worker can run") == 1


def test_a_queue_that_only_another_python_could_run_says_which(
    gator: Gator, here: Host, another_python: None, caplog: pytest.LogCaptureFixture
) -> None:
    """There is a worker, of this Python; the task is not begun and not failed by it."""
    here.worker(gator.backend.address)
    task = gator.task(abs, -1)
    future = task.future
    until(lambda: "they need Python 3.99" in caplog.text)
    assert f"python3.99 -m gator_nb worker {gator.backend.address}" in caplog.text
    assert task.status == WAITING
    assert future.cancel()


def test_a_worker_that_serves_it_is_enough(gator: Gator, here: Host) -> None:
    """However busy it is: then the wait is only a wait."""
    here.worker(gator.backend.address)
    group = gator.map(abs, range(3))
    assert why_nobody_begins(gator.backend, [task.task_id for task in group]) is None
    assert group.wait(timeout=30).counts() == {SUCCESS: 3}


def test_what_waits_for_a_task_that_nobody_runs_says_so_too(
    gator: Gator, here: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cause is two tasks away."""
    with monkeypatch.context() as patch:
        patch.setattr("gator_nb.definition.PYTHON", "3.99")
        first = gator.task(abs, -1)
    here.worker(gator.backend.address)
    last = gator.options(depends_on=[gator.options(depends_on=[first]).task(abs, -2)]).task(abs, -3)
    told = why_nobody_begins(gator.backend, [last.task_id])
    assert told is not None
    assert "1 task of queue 'all': they need Python 3.99" in told
