"""What a worker does while nothing goes wrong."""

import signal
import threading
import time

import pytest

from gator_nb import ALL, EVERY, FAILED, SUCCESS, WAITING, Gator, Worker, progress

from ..waiting import until
from .conftest import Ledger


def test_a_push_wakes_an_idle_worker_however_long_its_nap(gator: Gator) -> None:
    """`nap_time` only bounds the idle wait; nobody waits for it."""
    with Worker(gator, nap_time=60, threads=1):
        gator.task(pow, 2, 2).get(timeout=10)
        time.sleep(0.2)  # idle for certain
        assert gator.task(pow, 2, 10).get(timeout=10) == 1024


def test_many_short_tasks_are_claimed_in_batches(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short tasks share a round trip to the store."""
    sizes = []
    claim = gator.backend.claim

    def counted(*args, **kwargs):
        found = claim(*args, **kwargs)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(gator.backend, "claim", counted)
    group = gator.map(abs, range(-500, 0))
    with Worker(gator, threads=2):
        assert group.get(timeout=60) == list(range(500, 0, -1))
    assert max(sizes) > 10
    assert sum(sizes) >= 500


def test_what_waits_behind_a_long_task_is_left_to_others(shared: Gator, worker_script) -> None:
    """A batch's rest goes back, uncounted, and another worker runs it."""
    worker_script(threads=1)
    shared.map(abs, range(200)).wait(timeout=60)  # from now on it claims many at once
    worker_script(threads=1)
    long, *shorts = shared.map(time.sleep, [30.0, *[0.0] * 20])
    shared.wait(shorts, timeout=25)
    assert not long.done()
    assert {task.attempts for task in shorts} == {1}
    long.cancel()


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_max_tasks_is_never_exceeded(gator: Gator, limit: int) -> None:
    """A worker that is to run so many tasks claims no more than those."""
    group = gator.map(abs, range(20))
    worker = Worker(gator, max_tasks=limit, threads=4)
    assert worker.run_forever() == 0
    assert worker.tasks_complete == limit
    assert group.counts() == {WAITING: 20 - limit, SUCCESS: limit}
    assert {task.attempts for task in group.where(lambda task: not task.done())} == {0}


def test_no_more_tasks_run_at_a_time_than_it_has_threads(gator: Gator, tmp_path) -> None:
    """`threads` is how many tasks run at a time."""
    counted = tmp_path / "counted"

    def run() -> int:
        import threading as t

        n = sum(thread.name == "gator_nb task" for thread in t.enumerate())
        with counted.open("a") as file:
            file.write(f"{n}\n")
        return n

    with Worker(gator, threads=2):
        assert max(gator.map(lambda _: run(), range(60)).get(timeout=30)) <= 2


def test_all_is_the_gators_own_queue(conn: str) -> None:
    """`ALL` as what to consume means the queue of the gator."""
    with Gator(conn, "own") as own, Gator(conn, "other") as other:
        mine, foreign = own.task(abs, -1), other.task(abs, -2)
        with Worker(own, to_consume=ALL):
            assert mine.get(timeout=10) == 1
        assert foreign.status == WAITING


def test_a_worker_of_several_queues_serves_those_and_no_others(conn: str) -> None:
    """`to_consume` takes a name or several."""
    with Gator(conn, "a") as a, Gator(conn, "b") as b, Gator(conn, "c") as c:
        tasks = [gator.task(abs, -1) for gator in (a, b, c)]
        with Worker(a, to_consume=["a", "b"]):
            tasks[0].get(timeout=10)
            tasks[1].get(timeout=10)
        assert tasks[2].status == WAITING


def test_every_is_every_queue(conn: str) -> None:
    """`EVERY` serves the queues that are there, and those that come."""
    with Gator(conn, "a") as a, Gator(conn, "b") as b, Worker(a, to_consume=EVERY):
        assert a.task(abs, -1).get(timeout=10) == 1
        assert b.task(abs, -2).get(timeout=10) == 2


def test_check_and_run_task_runs_one_here(gator: Gator) -> None:
    """It answers whether a task ran and succeeded, and runs it in this thread."""
    worker = Worker(gator)
    assert worker.check_and_run_task() is False
    task = gator.task(threading.get_ident)
    assert worker.check_and_run_task() is True
    assert task.get(timeout=1) == threading.get_ident()
    assert worker.tasks_complete == 1


def test_check_and_run_task_logs_an_error_and_goes_on(gator: Gator, caplog) -> None:
    """A failing task is logged and answers False."""
    task = gator.task(divmod, 1, 0)
    assert Worker(gator).check_and_run_task() is False
    assert "ZeroDivisionError" in caplog.text
    assert task.wait(timeout=1).status == FAILED


def test_a_task_that_comes_to_be_retried_is_no_success(gator: Gator) -> None:
    """A failed try with another to come answers False."""
    gator.options(retries=1, backoff=60).task(divmod, 1, 0)
    assert Worker(gator).check_and_run_task() is False


def test_the_log_tells_of_start_and_stop(gator: Gator, caplog) -> None:
    """`starting` and `stopping` log which worker, on what, and how many it ran."""
    caplog.set_level("INFO", "gator_nb.worker")
    gator.task(abs, -1)
    worker = Worker(gator, max_tasks=1)
    worker.run_forever()
    assert worker.ident() in caplog.text
    assert "starts on all and will stop after 1 tasks" in caplog.text
    assert "stops after 1 tasks" in caplog.text


def test_a_worker_at_capacity_sleeps_though_a_delayed_task_is_due(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A due task that there is no room for does not make the loop spin."""
    naps = []
    listen = gator.backend.listen

    class Counting:
        """A listener that notes how long it was asked to sleep."""

        def __init__(self, inner):
            self.inner = inner

        def wait(self, timeout):
            naps.append(timeout)
            return self.inner.wait(timeout)

        def __getattr__(self, name):
            return getattr(self.inner, name)

    monkeypatch.setattr(gator.backend, "listen", lambda *a, **k: Counting(listen(*a, **k)))
    with Worker(gator, threads=1):
        gator.options(delay_by=0.3).task(abs, -1)
        time.sleep(0.1)  # idle: now it knows when the next one is due
        gator.task(time.sleep, 1.0)
        time.sleep(0.9)
        assert len(naps) < 60


def test_progress_takes_the_numbers_of_numpy(gator: Gator) -> None:
    """Figures often come as scalars of numpy."""

    def count():
        import numpy as np

        for i in np.arange(3):
            progress(i + 1, np.int64(3), loss=np.float32(0.5))

    with Worker(gator):
        task = gator.task(count).wait(timeout=10)
    assert task.status == SUCCESS, task.traceback
    assert (task.progress.done, task.progress.total) == (3, 3)


SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_lets_the_running_task_finish(
    number: int, shared: Gator, worker_script, ledger: Ledger
) -> None:
    """The first SIGINT or SIGTERM: begin nothing more, finish what runs, exit 0."""
    path = ledger.path

    def slow():
        import time

        with path.open("a") as file:
            file.write("begun\n")
        time.sleep(0.7)
        return "done"

    worker = worker_script(threads=1)
    running = shared.task(slow)
    waiting = shared.task(abs, -1)
    until(lambda: ledger.count("begun"))
    worker.signal(number)
    code, _, err = worker.end()
    assert (code, running.result) == (0, "done"), err
    assert "finishes what runs" in err
    assert waiting.status == WAITING


def test_a_second_signal_interrupts_what_runs(shared: Gator, worker_script) -> None:
    """The second signal: running code is interrupted, goes back to the queue, and it ends."""

    def endless():
        n = 0
        while True:
            n += 1
            progress(n)

    worker = worker_script(threads=1)
    task = shared.task(endless)
    until(lambda: task.progress is not None)
    worker.signal(signal.SIGINT)
    time.sleep(0.3)
    assert worker.process.poll() is None
    worker.signal(signal.SIGINT)
    code, _, err = worker.end()
    assert code == 130, err
    assert (task.status, task.attempts) == (WAITING, 0)
