"""Waiting: the one thread of a client that follows the store."""

import threading
import time

import pytest

from gator_nb import CANCELED, SUCCESS, Gator, Worker
from gator_nb.errors import StoreUnavailable, TaskNotFound, WaitTimeout

from ..waiting import until
from .conftest import our_threads


def test_nothing_watches_before_somebody_waits(gator: Gator) -> None:
    """A push and a look at a finished task start no thread."""
    task = gator.task(abs, -1)
    gator.pop()
    assert task.wait(timeout=5).status == SUCCESS
    assert [name for name in our_threads() if name != "gator_nb watcher"] == []


@pytest.mark.slow
def test_a_thousand_waiters_are_served_by_one_thread(gator: Gator) -> None:
    """Each gets its own task's end, and nobody is forgotten."""
    group = gator.map(abs, range(1000))
    ended: list[str] = []

    def wait_for(task) -> None:
        endings = gator.client.watcher.ended([task.task_id], 60)
        ended.extend(ending.record.id for ending in endings)

    threads = [threading.Thread(target=wait_for, args=(task,)) for task in group]
    for thread in threads:
        thread.start()
    with Worker(gator, threads=2):
        for thread in threads:
            thread.join(60)
    assert sorted(ended) == sorted(task.task_id for task in group)
    assert our_threads() == ["gator_nb watcher"]


def test_as_completed_yields_each_once_even_to_a_slow_consumer(gator: Gator) -> None:
    """What ends while the consumer is busy is there when it comes back."""
    group = gator.map(abs, range(30))
    seen = []
    with Worker(gator, threads=2):
        for task in group.as_completed(timeout=60):
            time.sleep(0.01)
            seen.append(task.task_id)
    assert sorted(seen) == sorted(task.task_id for task in group)


def test_what_another_process_finished_wakes_a_waiter(shared: Gator, worker_script) -> None:
    """Across processes a datagram wakes it; the nap behind that is not waited for."""
    worker_script(threads=1)
    assert [shared.task(abs, -n).get(timeout=30) for n in range(20)] == list(range(20))


def test_a_wait_ends_at_its_timeout_and_the_task_goes_on(gator: Gator) -> None:
    """`WaitTimeout` says so."""
    task = gator.task(abs, -1)
    with pytest.raises(WaitTimeout, match="goes on"):
        task.wait(timeout=0.1)
    assert not task.done()


def test_a_cancel_wakes_a_waiter(gator: Gator) -> None:
    """Every end counts, not only success."""
    task = gator.task(abs, -1)
    threading.Timer(0.1, task.cancel).start()
    assert task.wait(timeout=10).status == CANCELED


def test_a_waiter_is_told_when_the_store_goes_away(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sees `StoreUnavailable` rather than hanging."""
    task = gator.task(abs, -1)

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("gone")

    threading.Timer(0.1, lambda: monkeypatch.setattr(gator.backend, "changes", away)).start()
    with pytest.raises(StoreUnavailable, match="gone"):
        task.wait(timeout=10)


def test_a_waiter_is_told_when_the_store_is_closed_here(gator: Gator) -> None:
    """Closing the gator in another thread does not leave it waiting for ever."""
    task = gator.task(abs, -1)
    threading.Timer(0.2, gator.client.watcher.close).start()
    with pytest.raises(StoreUnavailable, match="closed here"):
        task.wait(timeout=10)


def test_a_waiter_is_told_when_its_task_is_removed(gator: Gator) -> None:
    """A task that is dropped will never end."""
    task = gator.task(abs, -1)
    threading.Timer(0.2, lambda: gator.backend.drop_all("all")).start()
    with pytest.raises(TaskNotFound, match="removed"):
        task.wait(timeout=10)


def test_waiting_for_an_unknown_task_is_an_error_at_once(gator: Gator) -> None:
    """Nothing would ever end it."""
    with pytest.raises(TaskNotFound, match="nowhere"):
        list(gator.client.watcher.ended(["nowhere"], 10))


def test_a_popped_task_is_kept_alive_and_hears_a_cancel(gator: Gator) -> None:
    """What runs in the caller's own thread is looked after by the watcher."""

    def endless() -> None:
        while True:
            pass

    task = gator.task(endless)
    threading.Timer(0.3, task.cancel).start()
    popped = gator.pop()
    assert popped.status == CANCELED


def test_the_thread_is_gone_after_close(gator: Gator) -> None:
    """Closing waits for it."""
    task = gator.task(abs, -1)
    with pytest.raises(WaitTimeout):
        task.wait(timeout=0.05)
    assert our_threads() == ["gator_nb watcher"]
    gator.close()
    until(lambda: our_threads() == [])
