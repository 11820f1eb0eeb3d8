"""A task as a handle: what it shows, what it refuses, and how seldom it asks the store."""

import datetime as dt
import pickle
import time
from collections.abc import Sequence

import pytest

from gator_nb import DELAYED, RUNNING, SUCCESS, Gator, Task, errors, progress
from gator_nb.backends import open_backend
from gator_nb.record import Record

from .conftest import claimed_elsewhere


def double(x: int) -> int:
    return 2 * x


def fail() -> None:
    raise ValueError("no such column")


def test_a_finished_task_shows_all_of_it(gator: Gator) -> None:
    """On any handle, also one that was found by somebody else."""
    before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
    task = gator.options(name="twice").task(double, 4)
    gator.pop()
    for handle in (task, gator["twice"]):
        assert (handle.status, handle.result, handle.done()) == (SUCCESS, 8, True)
        assert (handle.error, handle.traceback, handle.progress) == (None, None, None)
        assert (handle.attempts, handle.queue, handle.name) == (1, gator.queue_name, "twice")
        assert before < handle.created <= handle.started <= handle.finished
        assert handle.finished.tzinfo is not None
        assert handle.elapsed >= 0
        assert handle.worker == gator.client.session
        assert (handle.func_args, handle.func_kwargs) == ((4,), {})


def test_a_failed_task_shows_its_error_and_traceback(gator: Gator) -> None:
    """One line, and the whole with the user's lines; there is no result."""
    task = gator.task(fail)
    with pytest.raises(ValueError, match="no such column"):
        gator.pop()
    assert (task.result, task.error) == (None, "ValueError: no such column")
    assert "in fail" in task.traceback
    assert 'raise ValueError("no such column")' in task.traceback


def test_a_queued_task_has_not_begun(gator: Gator) -> None:
    """Nothing is invented: no times, no worker; `elapsed` is 0 so that it can be compared."""
    task = gator.options(delay_by="1h").task(double, 4)
    assert (task.status, task.result, task.done()) == (DELAYED, None, False)
    assert (task.started, task.finished, task.worker, task.elapsed) == (None, None, None, 0.0)
    assert (task.attempts, task.metrics) == (0, {})


def test_the_label_is_the_name_or_the_functions(gator: Gator) -> None:
    """`name` is only what the user gave."""
    assert (gator.task(double, 1).name, gator.task(double, 1).label) == (None, "double")
    assert gator.options(name="n").task(double, 1).label == "n"


@pytest.mark.parametrize("name", ["status", "result", "retries", "name", "task_id", "anything"])
def test_assignment_to_a_pushed_task_is_refused(gator: Gator, name: str) -> None:
    """It would change nothing that runs."""
    task = gator.task(double, 1)
    with pytest.raises(AttributeError, match=f"'{name}' cannot be set.*is on the queue"):
        setattr(task, name, 1)


@pytest.mark.parametrize("status", ["waiting", "success", "failed", "canceled", "retrying"])
def test_to_status_on_a_pushed_task_is_refused(gator: Gator, status: str) -> None:
    """What a task is, only its run decides."""
    task = gator.task(double, 1)
    with pytest.raises(AttributeError, match="cannot be set"):
        getattr(task, f"to_{status}")()


def test_a_pushed_task_is_not_pushed_again(gator: Gator) -> None:
    """Neither configured anew nor run past the queue."""
    task = gator.task(double, 1)
    with pytest.raises(AttributeError, match="push another task instead"):
        gator.push(task, double, 2)
    with pytest.raises(TypeError, match=r"gator.execute\(task\) runs it here"):
        task.run()


def test_calling_a_task_explains_itself(gator: Gator) -> None:
    """A slip for somebody who thinks of futures or of functions."""
    with pytest.raises(TypeError, match=r"a Task is not called.*task.get\(\) waits"):
        gator.task(double, 1)()


@pytest.mark.parametrize("how", ["captured", "pickled"])
def test_a_task_that_is_not_pushed_cannot_travel(gator: Gator, how: str) -> None:
    """There is nothing that could be found where it arrives."""
    task = Task()
    with pytest.raises(TypeError, match="push it first"):
        if how == "captured":
            gator.task(lambda: task.result)
        else:
            pickle.dumps(task)


def test_handles_and_gators_of_another_store_cannot_travel(gator: Gator) -> None:
    """The worker would look for them in its own."""
    with Gator("memory://") as elsewhere:
        task = elsewhere.task(double, 1)
        with pytest.raises(errors.NotPicklable, match=r"push it first, to this store; or pass"):
            gator.task(lambda: task.result)
        with pytest.raises(errors.NotPicklable, match=r"make one there, Gator\(conn_string\)"):
            gator.task(lambda: len(elsewhere))


def test_a_gator_is_not_pickled_by_hand(gator: Gator) -> None:
    """It holds a store open; only a task has one where it arrives."""
    with pytest.raises(TypeError, match=r"Gator\(conn_string\)"):
        pickle.dumps(gator)


def test_a_handle_that_was_unpickled_nowhere_says_so(gator: Gator) -> None:
    """When it is asked for something; its id is known."""
    task = gator.task(double, 1)
    copy = pickle.loads(pickle.dumps(task))
    assert (copy.task_id, repr(copy)) == (task.task_id, f"<Task {task.task_id[:8]}>")
    with pytest.raises(errors.GatorError, match=rf"gator\['{task.task_id}'\] finds it"):
        copy.status


class Counting:
    """Counts how often a store is asked for records."""

    def __init__(self, gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        get = gator.backend.get

        def counted(ids: Sequence[str]) -> list[Record | None]:
            self.asked += 1
            return get(ids)

        monkeypatch.setattr(gator.backend, "get", counted)


def test_reading_asks_at_most_every_50_ms(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop over a handle costs the store nothing."""
    task = gator.task(double, 1)
    store = Counting(gator, monkeypatch)
    began = time.monotonic()
    for _ in range(500):
        assert (task.done(), task.elapsed, task.retries) == (False, 0.0, 0)
    assert store.asked <= (time.monotonic() - began) / 0.05 + 1


def test_what_has_ended_is_not_asked_for_again(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never changes."""
    task = gator.task(double, 1)
    gator.pop()
    assert task.result == 2
    store = Counting(gator, monkeypatch)
    time.sleep(0.06)
    assert (task.status, task.result, task.elapsed >= 0) == (SUCCESS, 2, True)
    assert store.asked == 0


def test_repr_never_asks_the_store(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
    """It shows what was known, even when the store is away."""
    task = gator.options(name="twice").task(double, 1)
    group = gator.map(double, [1, 2])
    store = Counting(gator, monkeypatch)
    time.sleep(0.06)
    assert repr(task) == f"<Task twice {task.task_id[:8]} waiting>"
    assert repr(group) == "<Group of 2: 2 waiting>"
    assert store.asked == 0


def test_repr_of_a_local_task_says_what_it_is() -> None:
    """Not on a queue, so nothing to ask."""
    assert repr(Task("abc")) == "<Task task abc waiting>"


def test_a_handle_shows_progress_and_metrics_while_it_runs(busy: Gator) -> None:
    """The newest figures, and the course of each metric."""

    def work() -> None:
        progress(1, 2, "half", loss=0.5)
        progress(2, 2, loss=0.25)

    task = busy.task(work).wait(20)
    assert (task.progress.done, task.progress.total, task.progress.message) == (2, 2, None)
    assert str(task.progress) == "2/2"
    assert [value for _, value in task.metrics["loss"]] == [0.5, 0.25]


def test_a_running_task_shows_since_when(gator: Gator) -> None:
    """`elapsed` grows by the store's clock."""
    task = gator.task(double, 1)
    claimed_elsewhere(gator, task)
    handle = gator[task.task_id]
    assert (handle.status, handle.worker, handle.finished) == (RUNNING, "elsewhere", None)
    assert handle.elapsed >= 0


def test_a_forgotten_task_is_said_to_be_gone(gator: Gator) -> None:
    """Not a stale status."""
    task = gator.task(double, 1)
    gator.backend.drop_all(gator.queue_name)
    time.sleep(0.06)
    with pytest.raises(errors.TaskNotFound):
        task.status


def test_another_process_sees_the_same(tmp_path) -> None:
    """All of a handle comes from the store: another gator on the file shows it too."""
    conn = f"sqlite:///{tmp_path}/t.sqlite"
    with Gator(conn) as gator:
        task = gator.task(double, 4)
        gator.pop()
    with Gator("ignored://", backend_class=lambda _: open_backend(conn)) as later:
        assert later[task.task_id].get(5) == 8
