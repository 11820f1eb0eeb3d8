"""A store that is away for a while: nothing stops, nothing is dropped."""

import time
from pathlib import Path

import pytest

from gator_nb import SUCCESS, Gator, Worker, progress
from gator_nb.errors import StoreUnavailable

from ..waiting import Gate, until

VERBS = (
    "claim", "renew", "settle", "release", "reap",
    "presences", "register", "unregister", "next_due",
)  # fmt: skip


class Switch:
    """Takes what workers need of a store away, and gives it back."""

    def __init__(self, gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
        self.away = False
        self.refused = 0
        for verb in VERBS:
            monkeypatch.setattr(gator.backend, verb, self.guarded(getattr(gator.backend, verb)))

    def guarded(self, verb):
        def call(*args, **kwargs):
            if self.away:
                self.refused += 1
                raise StoreUnavailable("away for a moment")
            return verb(*args, **kwargs)

        return call


@pytest.fixture
def switch(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> Switch:
    return Switch(gator, monkeypatch)


def test_results_wait_until_the_store_is_back(
    gator: Gator, switch: Switch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """What ran meanwhile is settled afterwards, and the worker goes on."""
    gate = Gate(tmp_path / "gate")

    def slow(number: int) -> int:
        gate.wait()
        return number

    with Worker(gator, threads=3):
        group = gator.map(slow, range(3))
        until(lambda: group.counts().keys() == {6})
        switch.away = True
        gate.open()
        time.sleep(0.7)
        switch.away = False
        assert group.get(timeout=30) == [0, 1, 2]
        assert gator.task(abs, -1).get(timeout=30) == 1
    assert switch.refused
    assert "trying again: away for a moment" in caplog.text
    assert {task.attempts for task in group} == {1}


def test_a_result_that_the_store_did_not_take_is_told_again(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store goes away at the very moment of settling."""
    settle, refused = gator.backend.settle, []

    def away_once(ends):
        if not refused:
            refused.append(ends)
            raise StoreUnavailable("away for a moment")
        return settle(ends)

    monkeypatch.setattr(gator.backend, "settle", away_once)
    with Worker(gator, threads=1):
        task = gator.task(abs, -1)
        assert (task.get(timeout=20), task.attempts) == (1, 1)
    assert refused


@pytest.mark.slow
def test_the_output_of_that_time_is_not_lost(gator: Gator, switch: Switch) -> None:
    """What a task printed while the store was away is in its log, once and in order."""

    def chatty() -> None:
        import time

        for number in range(15):
            print(number)
            progress(number + 1, 15)
            time.sleep(0.1)

    with Worker(gator, threads=1):
        task = gator.task(chatty)
        until(lambda: task.progress is not None)
        switch.away = True
        time.sleep(0.6)
        switch.away = False
        task.wait(timeout=30)
    assert task.logs().split() == [str(number) for number in range(15)]


def test_a_worker_that_starts_while_the_store_is_away_is_registered_later(
    gator: Gator, switch: Switch
) -> None:
    """Claims of one that nobody knows would be taken back at once."""
    switch.away = True
    with Worker(gator, threads=1) as worker:
        time.sleep(0.2)
        switch.away = False
        until(lambda: worker.id in {one.id for one in gator.backend.presences()})
        task = gator.task(time.sleep, 1.0)
        assert task.wait(timeout=30).attempts == 1


def test_a_cancel_is_delivered_once_the_store_is_back(gator: Gator, switch: Switch) -> None:
    """The request is in the store; the worker hears of it when it can."""

    def endless() -> None:
        while True:
            pass

    with Worker(gator, threads=1):
        task = gator.task(endless)
        until(lambda: task.status == 6)
        switch.away = True
        time.sleep(0.2)
        task.cancel()
        time.sleep(0.2)
        switch.away = False
        assert str(task.wait(timeout=30).status) == "canceled"


def test_a_store_that_is_away_for_good_does_not_hold_up_the_stop(
    shared: Gator, monkeypatch: pytest.MonkeyPatch, caplog, tmp_path: Path
) -> None:
    """A stopping worker tries for some seconds, tells what it leaves, and lets others find it."""
    from gator_nb.workers import supervisor

    monkeypatch.setattr(supervisor, "_LAST_TRIES", 0.5)
    switch = Switch(shared, monkeypatch)
    worker = Worker(shared, threads=1).start()
    gate = Gate(tmp_path / "gate")
    task = shared.task(gate.wait)
    until(lambda: task.status == 6)
    switch.away = True
    gate.open()
    assert worker.stop() is False
    until(lambda: not worker.running)
    assert "leaves 1 tasks unsettled" in caplog.text
    switch.away = False
    assert [record.id for record in shared.client.reap()] == [task.task_id]


def test_another_error_of_the_store_does_not_end_the_worker(
    gator: Gator, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    """A row that cannot be read is told, and the rest is served."""
    from gator_nb.errors import StoreCorrupt

    claim = gator.backend.claim
    failures = iter([StoreCorrupt("a row is not what gator_nb writes")])

    def failing_once(*args, **kwargs):
        for error in failures:
            raise error
        return claim(*args, **kwargs)

    monkeypatch.setattr(gator.backend, "claim", failing_once)
    with Worker(gator, threads=1):
        task = gator.task(abs, -1)
        assert task.wait(timeout=30).status == SUCCESS
    assert "a row is not what gator_nb writes" in caplog.text


@pytest.mark.slow
@pytest.mark.parametrize("fenced", [True, False])
def test_a_worker_may_stop_what_others_could_take_for_lost(
    gator: Gator, switch: Switch, monkeypatch: pytest.MonkeyPatch, tmp_path, fenced: bool
) -> None:
    """With `self_fence` nothing runs twice at a time; without it, nothing is stopped in vain."""
    monkeypatch.setattr("gator_nb.executors.thread.THREAD_LEASE", 2.0)
    stopped, begun = tmp_path / "stopped", tmp_path / "begun"

    def work() -> str:
        import time

        with begun.open("a") as file:
            file.write("x")
        try:
            until = time.monotonic() + (3.0 if begun.read_text() == "x" else 0.0)
            while time.monotonic() < until:
                time.sleep(0.01)
        except BaseException:
            stopped.touch()
            raise
        return "done"

    with Worker(gator, threads=1, self_fence=fenced):
        task = gator.task(work)
        until(begun.exists)
        switch.away = True
        time.sleep(2.0)
        assert stopped.exists() is fenced
        switch.away = False
        assert task.get(timeout=30) == "done"
    assert begun.read_text() == ("xx" if fenced else "x")
