"""`pop`, `get`, `execute` and `cancel`: what each does with a task in every state it may be in."""

import threading
import time

import pytest

from gator_nb import (
    BLOCKED,
    CANCELED,
    FAILED,
    RETRYING,
    RUNNING,
    SUCCESS,
    WAITING,
    Gator,
    Task,
    errors,
)

from ..waiting import until
from .conftest import claimed_elsewhere


def double(x: int) -> int:
    return 2 * x


def boom() -> None:
    raise ValueError("boom")


def in_hand(func: object, *args: object, **options: object) -> Task:
    task = Task(**options)
    task.to_call(func, *args)
    return task


@pytest.mark.parametrize("verb", ["get", "execute"])
class TestGetAndExecute:
    """What `gator.get(task_id)` and `gator.execute(task)` have in common."""

    def run(self, gator: Gator, verb: str, task: Task) -> Task:
        return gator.get(task.task_id) if verb == "get" else gator.execute(task)

    def test_a_waiting_task_is_run(self, gator: Gator, verb: str) -> None:
        """And answered with its result."""
        task = gator.task(double, 4)
        assert self.run(gator, verb, task).result == 8
        assert (task.status, len(gator)) == (SUCCESS, 0)

    def test_a_delayed_task_is_run_now(self, gator: Gator, verb: str) -> None:
        """Asking for it by name is to want it now."""
        task = gator.options(delay_by="1d").task(double, 4)
        assert self.run(gator, verb, task).result == 8

    def test_a_finished_task_is_answered_untouched(self, gator: Gator, verb: str) -> None:
        """Nothing runs twice."""
        task = gator.task(double, 4)
        gator.pop()
        again = self.run(gator, verb, task)
        assert (again.result, again.attempts) == (8, 1)

    def test_a_canceled_task_is_answered_untouched(self, gator: Gator, verb: str) -> None:
        """It stays canceled."""
        task = gator.task(double, 4).cancel()
        assert self.run(gator, verb, task).status is CANCELED

    def test_a_task_that_runs_elsewhere_is_left_alone(self, gator: Gator, verb: str) -> None:
        """Two workers never have one task."""
        task = gator.task(double, 4)
        claimed_elsewhere(gator, task)
        with pytest.raises(errors.TaskRunning):
            self.run(gator, verb, task)

    def test_an_open_dependency_is_named(self, gator: Gator, verb: str) -> None:
        """The task stays BLOCKED."""
        first = gator.task(double, 1)
        second = gator.options(depends_on=first).task(double, 2)
        with pytest.raises(errors.DependencyError, match=first.task_id):
            self.run(gator, verb, second)
        assert second.status is BLOCKED

    def test_with_retries_left_the_answer_is_retrying(self, gator: Gator, verb: str) -> None:
        """One try only; the error is on the handle, the task back on the queue."""
        task = gator.options(retries=1).task(boom)
        answer = self.run(gator, verb, task)
        assert (answer.status, answer.retries, answer.error) == (RETRYING, 0, "ValueError: boom")
        assert len(gator) == 1

    def test_with_none_left_the_error_is_raised_and_stored(self, gator: Gator, verb: str) -> None:
        """The user's own exception, and FAILED for everybody else."""
        task = gator.task(boom)
        with pytest.raises(ValueError, match="boom"):
            self.run(gator, verb, task)
        assert gator[task.task_id].status is FAILED
        assert task.error == "ValueError: boom"


def test_get_of_an_unknown_task_names_it(gator: Gator) -> None:
    """Unlike alligator, which answers None."""
    with pytest.raises(errors.TaskNotFound, match="nope"):
        gator.get("nope")


def test_pop_of_an_empty_queue_is_none(gator: Gator) -> None:
    """Nor does it wait."""
    assert gator.pop() is None


def test_pop_takes_only_from_its_own_queue(gator: Gator, other: Gator) -> None:
    """Another gator of the same store has a line of its own."""
    other.task(double, 1)
    assert gator.pop() is None
    assert other.pop().result == 2


def test_pop_tries_once(gator: Gator) -> None:
    """RETRYING is answered; the next `pop` is the next try."""
    gator.options(retries=1).task(boom)
    assert gator.pop().status is RETRYING
    with pytest.raises(ValueError, match="boom"):
        gator.pop()
    assert gator.pop() is None


def test_the_error_shows_the_users_own_lines(gator: Gator) -> None:
    """Run here, it is the very exception, its traceback included."""
    gator.task(boom)
    with pytest.raises(ValueError, match="boom") as caught:
        gator.pop()
    assert caught.traceback[-1].name == "boom"


def test_execute_runs_the_live_objects(gator: Gator) -> None:
    """Of a task that was made here; its snapshot is what everybody else runs."""
    seen: list[int] = []
    gator.execute(in_hand(seen.append, 1))
    assert seen == [1]
    pushed = gator.task(seen.append, 2)
    gator.execute(pushed)
    assert seen == [1, 2]


def test_execute_of_a_found_task_runs_the_snapshot(gator: Gator) -> None:
    """There are no live objects of a task from the store."""
    seen: list[int] = []
    task = gator.task(seen.append, 1)
    gator.execute(gator.find(task.task_id))
    assert (seen, task.status) == ([], SUCCESS)


def test_execute_pushes_what_never_was(gator: Gator) -> None:
    """Pushed and claimed in one step: no worker can take it in between."""
    states: list[str] = []

    def look() -> None:
        states.append(str(gator.backend.get([task.task_id])[0].status))

    task = Task(task_id="mine")
    task.func, task.func_args, task.func_kwargs, task.live = look, (), {}, True
    snapshot = Task(task_id="mine")
    snapshot.to_call(double, 1)
    task.definition = snapshot.definition  # `look` holds the queue, which does not travel
    assert gator.execute(task).status is SUCCESS
    assert states == ["running"]


def test_execute_of_an_id_that_another_thread_runs_is_refused(gator: Gator) -> None:
    """One claim, one run: also between two threads of one process."""
    begun, go_on = threading.Event(), threading.Event()

    def run(task: Task) -> None:
        gator.execute(task)

    first = in_hand(double, 3, task_id="same", on_start=None)
    first.func = lambda x: (begun.set(), go_on.wait(20), 2 * x)[-1]
    call = in_hand(double, 3, task_id="same")
    first.definition = call.definition
    thread = threading.Thread(target=run, args=(first,))
    thread.start()
    assert begun.wait(20)
    with pytest.raises(errors.TaskRunning):
        gator.execute(in_hand(double, 3, task_id="same"))
    go_on.set()
    thread.join()
    assert (gator["same"].result, gator["same"].attempts) == (6, 1)


def test_execute_of_a_new_task_with_an_open_dependency_stores_nothing(gator: Gator) -> None:
    """It could not run."""
    first = gator.task(double, 1)
    with pytest.raises(errors.DependencyError):
        gator.execute(in_hand(double, 2, depends_on=first))
    assert len(gator) == 1


def test_execute_of_a_sync_task_stores_nothing(gator: Gator) -> None:
    """Its retries are used up at once."""
    task = in_hand(boom, is_async=False, retries=3)
    with pytest.raises(ValueError, match="boom"):
        gator.execute(task)
    assert (task.retries, list(gator)) == (0, [])


def test_execute_of_nothing_says_what_is_missing(gator: Gator) -> None:
    """A task without a call."""
    with pytest.raises(TypeError, match=r"task.to_call\(func, ...\)"):
        gator.execute(Task())


def test_a_handle_never_shows_what_this_process_has_changed(gator: Gator) -> None:
    """Reading is throttled, but not across a step of one's own."""
    task, other = gator.task(double, 1), gator.task(double, 2)
    assert (task.status, other.status) == (WAITING, WAITING)
    gator.pop()
    gator.cancel(other.task_id)
    assert (task.status, other.status) == (SUCCESS, CANCELED)


def test_cancel_of_a_queued_task_is_at_once(gator: Gator) -> None:
    """It never runs; `get` says that it was canceled."""
    task = gator.task(double, 1)
    assert gator.cancel(task.task_id).status is CANCELED
    with pytest.raises(errors.TaskCanceled):
        task.get(5)


def test_cancel_of_an_unknown_task_names_it(gator: Gator) -> None:
    """As `get` does."""
    with pytest.raises(errors.TaskNotFound, match="nope"):
        gator.cancel("nope")


def test_cancel_of_a_finished_task_changes_nothing(gator: Gator) -> None:
    """What has ended stays as it ended."""
    task = gator.task(double, 1)
    gator.pop()
    assert gator.cancel(task.task_id).status is SUCCESS


def test_cancel_of_a_running_task_asks_it_to_stop(gator: Gator) -> None:
    """RUNNING until the code has stopped; the handle and its repr say "canceling"."""
    task = gator.task(double, 1)
    claimed_elsewhere(gator, task)
    assert gator.cancel(task.task_id).status is RUNNING
    assert task.canceling or gator[task.task_id].canceling
    assert "canceling" in repr(gator[task.task_id])


def test_a_task_that_is_popped_here_can_be_canceled(gator: Gator) -> None:
    """From another thread: the code stops, and the answer is CANCELED."""

    def forever() -> None:
        while True:
            time.sleep(0.01)

    task = gator.task(forever)

    def cancel() -> None:
        until(lambda: gator.find(task.task_id).status is RUNNING)
        gator.cancel(task.task_id)

    canceler = threading.Thread(target=cancel)
    canceler.start()
    assert gator.pop().status is CANCELED
    canceler.join()


def test_an_interrupt_from_the_keyboard_ends_the_try(gator: Gator) -> None:
    """It is raised here, and the task is not left running."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    task = gator.task(interrupted)
    with pytest.raises(KeyboardInterrupt):
        gator.pop()
    assert task.status is FAILED
