"""Hooks: called where the task runs, around each try; what they do with the task stays there."""

import pytest

from gator_nb import FAILED, RETRYING, RUNNING, SUCCESS, Gator, Task


def fail(message: str = "no") -> None:
    raise ValueError(message)


def told(task: Task, *args: object) -> None:
    print(task.name, str(task.status), *args)


def test_on_start_and_on_success_are_called_in_order(gator: Gator) -> None:
    """With the task, then with the task and its result."""
    hooks = {"on_start": told, "on_success": told, "on_error": told}
    task = gator.options(name="t", **hooks).task(lambda: print("work") or 5)
    gator.pop()
    assert task.logs() == "t running\nwork\nt success 5\n"


def test_on_error_is_called_at_each_failed_try(gator: Gator) -> None:
    """With the task and the error; the log holds every try's."""
    task = gator.options(name="t", retries=1, on_error=told).task(fail, "no")
    gator.pop()
    with pytest.raises(ValueError, match="no"):
        gator.pop()
    assert task.logs() == "t failed no\n" * 2


def test_on_error_is_not_called_for_a_cancel(gator: Gator) -> None:
    """Nothing has failed."""
    task = gator.options(on_error=told).task(fail).cancel()
    assert task.logs() == ""


def test_in_a_hook_the_task_is_local_and_writable(gator: Gator) -> None:
    """Attributes may be set and `to_*` called; the status is this try's."""

    def start(task: Task) -> None:
        task.seen = [task.status is RUNNING]

    def success(task: Task, result: int) -> None:
        task.seen.append(task.status is SUCCESS)
        task.to_failed()
        print(task.seen, task.result == result)

    task = gator.options(on_start=start, on_success=success).task(pow, 2, 2)
    gator.pop()
    assert task.logs() == "[True, True] True\n"


def test_only_retries_travel_back(gator: Gator) -> None:
    """Status, result and name are the task's own whatever a hook says."""

    def success(task: Task, _result: int) -> None:
        task.to_failed()
        task.result = "another"
        task.name = "another"
        task.retries = 7

    task = gator.options(name="mine", on_success=success).task(pow, 2, 2)
    gator.pop()
    assert (task.status, task.result, task.name, task.retries) == (SUCCESS, 4, "mine", 7)


def test_the_same_holds_for_execute(gator: Gator) -> None:
    """On live objects too."""

    def success(task: Task, _result: int) -> None:
        task.result = "another"

    task = gator.options(on_success=success).task(pow, 2, 2)
    assert gator.execute(task).result == 4
    assert gator[task.task_id].result == 4


def test_on_error_may_give_up(gator: Gator) -> None:
    """`task.retries = 0`: the error will not go away by itself."""

    def give_up(task: Task, error: Exception) -> None:
        if "permanent" in str(error):
            task.retries = 0

    task = gator.options(retries=5, on_error=give_up).task(fail, "permanent")
    with pytest.raises(ValueError, match="permanent"):
        gator.pop()
    assert (task.status, task.attempts) == (FAILED, 1)


def test_on_error_may_ask_for_more(gator: Gator) -> None:
    """The other way round."""

    def again(task: Task, _error: Exception) -> None:
        task.retries = 3

    task = gator.options(on_error=again).task(fail)
    assert gator.pop().status is RETRYING
    assert task.retries == 2


@pytest.mark.parametrize("hook", ["on_start", "on_success"])
def test_an_error_in_a_hook_is_logged_and_changes_nothing(gator: Gator, hook: str) -> None:
    """The log names the hook and shows where it failed."""

    def broken(*_: object) -> None:
        raise RuntimeError("the hook is broken")

    task = gator.options(**{hook: broken}).task(pow, 2, 2)
    assert gator.pop().result == 4
    assert "the hook broken of task" in task.logs()
    assert "RuntimeError: the hook is broken" in task.logs()
    assert task.logs().count("Traceback") == 1


def test_an_error_in_on_error_leaves_the_tasks_own(gator: Gator) -> None:
    """What is raised and stored is the function's."""

    def broken(*_: object) -> None:
        raise RuntimeError("the hook is broken")

    task = gator.options(on_error=broken).task(fail, "mine")
    with pytest.raises(ValueError, match="mine"):
        gator.pop()
    assert task.error == "ValueError: mine"
    assert "the hook is broken" in task.logs()


def test_a_hook_that_exits_changes_nothing(busy: Gator) -> None:
    """`sys.exit` in a hook ends neither the task nor the worker."""

    def leave(*_: object) -> None:
        raise SystemExit(3)

    task = busy.options(on_success=leave).task(pow, 2, 2)
    assert task.get(20) == 4
    assert "SystemExit: 3" in task.logs()


@pytest.mark.parametrize("value", ["x", -1, None])
def test_a_hook_that_sets_nonsense_changes_nothing(busy: Gator, value: object) -> None:
    """The assignment fails inside the hook, and the worker lives on."""

    def nonsense(task: Task, _error: Exception) -> None:
        task.retries = value

    task = busy.options(on_error=nonsense).task(fail, "mine")
    with pytest.raises(ValueError, match="mine"):
        task.get(20)
    assert "retries=" in task.logs()
    assert busy.task(pow, 2, 2).get(20) == 4


def test_hooks_travel_by_value(busy: Gator) -> None:
    """Closures too, as they were at the push."""
    words = ["before"]

    def say(_task: Task) -> None:
        print(words)

    task = busy.options(delay_by="0.2s", on_start=say).task(pow, 2, 2)
    words.append("after")
    task.get(20)
    assert task.logs() == "['before']\n"


def test_a_hook_may_be_a_coroutine_function(gator: Gator) -> None:
    """It is run to its end."""

    async def say(_task: Task, result: int) -> None:
        print("result", result)

    task = gator.options(on_success=say).task(pow, 2, 2)
    gator.pop()
    assert task.logs() == "result 4\n"


def test_hooks_know_the_options_of_their_task(gator: Gator) -> None:
    """On a worker as well as here."""

    def say(task: Task) -> None:
        print(task.task_id, task.retries, task.backoff)

    task = gator.options(task_id="t", retries=2, backoff=3, on_start=say).task(pow, 2, 2)
    gator.pop()
    assert task.logs() == "t 2 3.0\n"


def test_hooks_of_a_handle_are_those_of_the_snapshot(gator: Gator) -> None:
    """Read from the store, where they are loaded from the signed envelope."""
    task = gator.options(on_start=told, backoff=2).task(fail)
    found = gator[task.task_id]
    assert found.on_start.__name__ == "told"
    assert (found.on_error, found.func.__name__, found.backoff) == (None, "fail", 2.0)
