"""A call is a snapshot: what is pushed is what runs, whatever the notebook does afterwards."""

import pytest

from gator_nb import RETRYING, SUCCESS, Gator, Task, current_task, errors, progress

CELL = """
factor = 2

def scaled(x):
    return x * factor
"""


def test_changing_a_global_afterwards_changes_nothing(gator: Gator) -> None:
    """The notebook's global travelled with the function, as it was."""
    notebook = {"__name__": "__main__"}
    exec(CELL, notebook)
    task = gator.task(notebook["scaled"], 21)
    notebook["factor"] = 100
    gator.pop()
    assert task.result == 42


def test_running_the_edited_cell_again_changes_nothing(gator: Gator) -> None:
    """What is queued is the function as it was."""
    notebook = {"__name__": "__main__"}
    exec(CELL, notebook)
    task = gator.task(notebook["scaled"], 21)
    exec(CELL.replace("x * factor", "-x"), notebook)
    gator.pop()
    assert task.result == 42


def test_changing_a_captured_list_afterwards_changes_nothing(gator: Gator) -> None:
    """The closure travelled with its list, as it was."""
    data = [1, 2, 3]
    task = gator.task(lambda: sum(data))
    data.append(100)
    gator.pop()
    assert task.result == 6


def test_changing_an_argument_afterwards_changes_nothing(gator: Gator) -> None:
    """Nor does an argument change in the queue."""
    data = [1, 2, 3]
    task = gator.task(sum, data)
    data.clear()
    gator.pop()
    assert task.result == 6


def test_a_task_cannot_change_the_notebooks_objects(busy: Gator) -> None:
    """Threads of this very process work on a copy too: what a task returns is what it gives."""
    results: list[int] = []

    def work() -> list[int]:
        results.append(1)
        return results

    assert busy.task(work).get(20) == [1]
    assert results == []


def test_each_pop_has_a_fresh_copy(gator: Gator) -> None:
    """A retry does not see what the first try did to its arguments."""

    def grow(items: list[int]) -> None:
        items.append(1)
        raise ValueError(len(items))

    gator.options(retries=1).task(grow, [])
    assert gator.pop().error == "ValueError: 1"
    with pytest.raises(ValueError, match=r"^1$"):
        gator.pop()


def test_a_sync_task_runs_on_the_live_objects(gator: Gator) -> None:
    """That is what it is for: nothing is pickled, a debugger sees the real thing."""
    results: list[int] = []
    task = gator.options(is_async=False).task(results.append, 1)
    assert results == [1]
    assert (task.status, len(list(gator))) == (SUCCESS, 0)


def test_a_sync_task_takes_what_cannot_be_pickled(gator: Gator) -> None:
    """A generator, a lock, a connection."""
    assert gator.options(is_async=False).task(sum, (n for n in range(4))).result == 6


def test_a_sync_task_is_retried_at_once(gator: Gator) -> None:
    """`retries` is what remains; scheduling options are ignored."""
    tries: list[int] = []

    def flaky() -> int:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("not yet")
        return len(tries)

    task = gator.options(is_async=False, retries=5, backoff="1h", delay_by="1h").task(flaky)
    assert (task.result, task.retries) == (3, 3)


def test_a_sync_task_without_retries_left_raises(gator: Gator) -> None:
    """The error itself, at the push."""
    with pytest.raises(ZeroDivisionError):
        gator.options(is_async=False, retries=1).task(lambda: 1 / 0)


def test_a_sync_task_is_waited_for_like_any_other(gator: Gator) -> None:
    """Switching `is_async` off for a while needs no other change."""
    task = gator.options(is_async=False).task(pow, 2, 10)
    assert task.wait().get(timeout=5) == 1024
    assert task.done()


def test_a_sync_task_that_failed_gives_its_error_again() -> None:
    """`get` of a local task raises what `run` raised."""
    task = Task(is_async=False)
    task.to_call(int, "x")
    with pytest.raises(ValueError, match="invalid literal"):
        task.run()
    with pytest.raises(ValueError, match="invalid literal"):
        task.get()


def test_a_sync_task_knows_itself(gator: Gator) -> None:
    """`current_task` and `progress` work in it as they do on the queue."""

    def work() -> str:
        progress(1, 2)
        return current_task().name

    assert gator.options(is_async=False, name="now").task(work).result == "now"
    assert current_task() is None


def test_many_sync_tasks_are_refused(gator: Gator) -> None:
    """`map` and `grid` are for the queue."""
    with pytest.raises(TypeError, match="map and grid need the queue"):
        gator.options(is_async=False).map(abs, [1])


def test_what_is_not_on_a_queue_says_how_to_get_there() -> None:
    """Waiting for a task that nobody pushed would never end."""
    with pytest.raises(errors.GatorError, match=r"gator.push\(task, func, ...\)"):
        Task().wait()


def test_a_coroutine_function_is_run_to_its_end(gator: Gator) -> None:
    """In a loop of its own; the task is known inside of it."""

    async def work(x: int) -> tuple[int, str]:
        import asyncio

        await asyncio.sleep(0)
        return x, current_task().name

    gator.options(name="async").task(work, 1)
    assert gator.pop().result == (1, "async")


def test_a_coroutine_runs_beside_a_loop_that_runs_here(gator: Gator) -> None:
    """As in a notebook, whose kernel has a loop: another thread, the same task and log."""
    import asyncio

    async def work() -> str:
        print("from the coroutine")
        return current_task().name

    async def cell() -> Task:
        gator.options(name="inner").task(work)
        return gator.pop()

    task = asyncio.run(cell())
    assert task.result == "inner"
    assert task.logs() == "from the coroutine\n"


def test_a_generator_is_no_result(gator: Gator) -> None:
    """Lazy results are refused with advice."""
    gator.task(lambda: (n for n in range(3)))
    with pytest.raises(errors.NotPicklable, match="return a list of it"):
        gator.pop()


def test_an_exit_in_a_task_fails_the_task(busy: Gator) -> None:
    """`sys.exit` ends the task and not the worker."""
    task = busy.task(exit, 3)
    with pytest.raises(SystemExit):
        task.get(20)
    assert busy.task(pow, 2, 10).get(20) == 1024


def test_retries_left_are_seen_on_the_handle(gator: Gator) -> None:
    """`retries` is what remains after the tries so far."""
    task = gator.options(retries=2, backoff="1h").task(int, "x")
    assert gator.pop().status is RETRYING
    assert (gator.find(task.task_id).retries, gator.find(task.task_id).attempts) == (1, 1)
