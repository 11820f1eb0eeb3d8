"""Waits and a server that is away: they outlast a restart, and no more than that."""

import threading
from collections.abc import Iterator

import pytest

from gator_nb import Gator, Task
from gator_nb.errors import StoreUnavailable, TaskNotFound

from ..waiting import until
from .servers import RunningServer, running


@pytest.fixture(autouse=True)
def _impatient_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A single call gives up at once."""
    monkeypatch.setattr("gator_nb.backends.redis.server.PATIENCE", 0.1)


@pytest.fixture
def lasting() -> Iterator[RunningServer]:
    with running("--appendonly", "yes") as server:
        yield server


class Waiting:
    """Somebody who waits for a task in a thread of its own."""

    def __init__(self, task: Task) -> None:
        self.values: list[object] = []
        self.errors: list[Exception] = []
        self.task = task
        self._thread = threading.Thread(target=self._wait)
        self._thread.start()
        watcher = task.handle.client.watcher
        until(lambda: task.task_id in watcher._waiting)

    def _wait(self) -> None:
        try:
            self.values.append(self.task.get(timeout=60))
        except Exception as error:
            self.errors.append(error)

    def end(self) -> None:
        self._thread.join(60)


def test_a_wait_outlasts_a_restart(
    lasting: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It says that contact is lost, and goes on waiting."""
    with Gator(lasting.dsn()) as gator:
        waiting = Waiting(gator.task(abs, -1))
        lasting.kill()
        until(lambda: caplog.text.count("lost contact") == 1)
        lasting.start()
        until(lambda: "in contact again" in caplog.text)
        gator.start_worker()
        waiting.end()
        assert (waiting.values, waiting.errors) == ([1], [])


def test_a_server_that_stays_away_is_told(
    lasting: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some minutes, which are a second here."""
    monkeypatch.setattr("gator_nb.client.watcher._PATIENCE", 1.0)
    gator = Gator(lasting.dsn())
    waiting = Waiting(gator.task(abs, -1))
    lasting.kill()
    waiting.end()
    assert [type(error) for error in waiting.errors] == [StoreUnavailable]
    with pytest.raises(StoreUnavailable):
        gator.close()


def test_a_store_that_is_gone_is_told_at_once() -> None:
    """Nothing is worth waiting for any more."""
    with running() as forgetful, Gator(forgetful.dsn(store="x")) as gator:
        waiting = Waiting(gator.task(abs, -1))
        forgetful.kill()
        forgetful.start()
        waiting.end()
        assert [type(error) for error in waiting.errors] == [StoreUnavailable]
        assert "open it anew" in str(waiting.errors[0])
        with Gator(gator.backend.address), pytest.raises(TaskNotFound):
            gator[waiting.task.task_id]
