"""alligator's documentation, method by method: its programs run here by changing the import."""

import datetime as dt
import inspect
import logging
import time
from pathlib import Path

import pytest

from gator_nb import (
    ALL,
    CANCELED,
    DELAYED,
    FAILED,
    RETRYING,
    SUCCESS,
    WAITING,
    Gator,
    Options,
    Task,
    Worker,
    errors,
)
from gator_nb.backends import open_backend
from gator_nb.backends.base import Backend


def add(a: int, b: int) -> int:
    return a + b


def increment(value: int = 0, incr_by: int = 1) -> int:
    return value + incr_by


def fail(message: str) -> None:
    raise OSError(message)


class OwnTask(Task):
    """A task class of the user's."""


def test_the_numbers_of_the_statuses_are_alligators() -> None:
    """A program that stored the numbers reads them as before."""
    assert [WAITING, SUCCESS, FAILED, DELAYED, RETRYING, CANCELED] == [0, 1, 2, 3, 4, 5]
    assert ALL == "all"


def test_the_arguments_are_alligators_in_its_order() -> None:
    """Positional arguments mean what they meant."""

    def first(kind: type, count: int) -> list[str]:
        return list(inspect.signature(kind).parameters)[:count]

    assert first(Gator, 4) == ["conn_string", "queue_name", "task_class", "backend_class"]
    assert first(Worker, 5) == ["gator", "max_tasks", "to_consume", "nap_time", "log_level"]
    assert first(Task, 9) == [
        "task_id", "retries", "is_async", "on_start", "on_success", "on_error", "depends_on",
        "delay_by", "delay_until",
    ]  # fmt: skip


class TestGator:
    def test_its_attributes_say_what_it_was_made_of(self, conn: str) -> None:
        """conn_string, queue_name, task_class, backend_class and backend, as in alligator."""
        with Gator(conn, queue_name="hard_things", task_class=OwnTask) as gator:
            assert gator.conn_string == conn
            assert gator.queue_name == "hard_things"
            assert gator.task_class is OwnTask
            assert gator.backend_class is None
            assert isinstance(gator.backend, Backend)

    def test_without_a_queue_name_it_is_all(self, gator: Gator) -> None:
        """The default queue is `ALL`, the default task class `Task`."""
        assert (gator.queue_name, gator.task_class) == (ALL, Task)

    def test_a_backend_class_takes_the_place_of_the_address(self, conn: str) -> None:
        """The class is called with the address, whatever that says."""
        given: list[str] = []

        def own(address: str) -> Backend:
            given.append(address)
            return open_backend(conn)

        with Gator("whatever://", backend_class=own) as gator:
            assert given == ["whatever://"]
            assert gator.backend_class is own

    def test_build_backend_answers_the_backend_for_an_address(self, gator: Gator) -> None:
        """`locmem://` is another word for `memory://`."""
        backend = gator.build_backend("locmem://")
        assert type(backend).__name__ == "MemoryBackend"
        backend.close()

    def test_task_pushes_a_call(self, gator: Gator) -> None:
        """The task is on the queue and has an id."""
        task = gator.task(increment, 1, incr_by=2)
        assert task.status == WAITING
        assert gator.len() == len(gator) == gator.backend.len(ALL) == 1
        assert gator.pop().result == 3

    def test_push_takes_a_configured_task(self, gator: Gator) -> None:
        """The very object becomes the handle."""
        task = Task(retries=3)
        assert gator.push(task, add, 1, 2) is task
        assert task.status == WAITING
        assert task.retries == 3

    def test_a_sync_task_is_run_by_push(self, gator: Gator) -> None:
        """`is_async=False` is for development: run at once, in this process."""
        finished = gator.push(Task(is_async=False, retries=3), increment, incr_by=2)
        assert (finished.status, finished.result) == (SUCCESS, 2)
        assert gator.len() == 0

    def test_pop_runs_the_next_task(self, gator: Gator) -> None:
        """First in, first out; None when nothing waits."""
        gator.task(add, 1, 1)
        gator.task(add, 2, 2)
        assert [gator.pop().result, gator.pop().result, gator.pop()] == [2, 4, None]

    def test_get_runs_a_task_out_of_turn(self, gator: Gator) -> None:
        """By its id, right now."""
        first = gator.task(add, 1, 1)
        gator.options(task_id="hello").task(add, 3, 5)
        assert gator.get("hello").result == 8
        assert gator.get(first.task_id).result == 2

    def test_cancel_takes_a_task_off_the_queue(self, gator: Gator) -> None:
        """The canceled task is answered and never run."""
        task = gator.task(add, 18, 9)
        assert gator.cancel(task.task_id).status == CANCELED
        assert gator.len() == 0
        assert gator.pop() is None

    def test_execute_runs_a_task_in_hand(self, gator: Gator) -> None:
        """Success leaves the retries as they are."""
        task = Task(retries=3)
        task.to_call(add, 2, 7)
        assert gator.execute(task).result == 9
        assert (task.retries, task.status) == (3, SUCCESS)

    def test_execute_of_a_failing_task_uses_up_its_retries(self, gator: Gator) -> None:
        """RETRYING while tries remain; then the error is raised and the status is FAILED."""
        task = Task(retries=2)
        task.to_call(fail, "Math is hard.")
        gator.execute(task)
        assert (task.status, task.retries) == (RETRYING, 1)
        gator.execute(task)
        with pytest.raises(OSError, match="Math is hard"):
            gator.execute(task)
        assert (task.status, task.retries) == (FAILED, 0)

    def test_options_configures_the_tasks_made_of_it(self, gator: Gator) -> None:
        """As a context manager; `opts.task` for each call."""
        with gator.options(retries=2, task_id="report") as opts:
            assert isinstance(opts, Options)
            task = opts.task(increment, incr_by=2678)
        assert (task.task_id, task.retries) == ("report", 2)

    def test_drop_all_empties_a_queue(self, gator: Gator) -> None:
        """Everything in it goes."""
        gator.task(add, 1, 1)
        gator.backend.drop_all(ALL)
        assert gator.len() == 0


class TestTask:
    def test_a_new_task_has_alligators_defaults(self) -> None:
        """And an id of its own."""
        task = Task()
        assert task.task_id != Task().task_id
        assert (task.retries, task.is_async, task.status, task.result) == (0, True, WAITING, None)
        assert (task.on_start, task.on_success, task.on_error) == (None, None, None)
        assert (task.depends_on, task.delay_until) == (None, None)
        assert (task.func, task.func_args, task.func_kwargs) == (None, [], {})

    def test_to_call_says_what_to_call(self) -> None:
        """Function, positional and keyword arguments."""
        task = Task()
        task.to_call(increment, 1, incr_by=2)
        assert (task.func, task.func_args, task.func_kwargs) == (increment, (1,), {"incr_by": 2})

    @pytest.mark.parametrize(
        ("method", "status"),
        [
            ("to_waiting", WAITING),
            ("to_success", SUCCESS),
            ("to_failed", FAILED),
            ("to_canceled", CANCELED),
            ("to_retrying", RETRYING),
        ],
    )
    def test_to_status_sets_the_status(self, method: str, status: int) -> None:
        """Of a task that is not on a queue."""
        task = Task()
        task.status = RETRYING if status == SUCCESS else SUCCESS
        getattr(task, method)()
        assert task.status == status

    def test_async_was_alligators_older_word(self) -> None:
        """`async` is a keyword of Python, so it comes by `**`."""
        assert Task(**{"async": False}).is_async is False

    def test_serialize_and_deserialize_are_inverse(self) -> None:
        """Also for what alligator could not carry: closures, any argument, depends_on."""
        factor = 3
        task = Task(
            "hello", 3, False, on_error=lambda _task, _error: None, depends_on=["a"],
            delay_until=12345678, name="times", backoff=2.0, reuse=True,
        )  # fmt: skip
        task.to_call(lambda x: x * factor, {1, 2})
        copy = Task.deserialize(task.serialize())
        for name in ("task_id", "retries", "is_async", "depends_on", "delay_until", "name"):
            assert getattr(copy, name) == getattr(task, name), name
        assert (copy.backoff, copy.reuse, copy.status) == (2.0, True, WAITING)
        assert copy.func(7) == 21
        assert copy.func_args == ({1, 2},)
        assert copy.on_error is not None

    def test_deserialize_refuses_what_nobody_signed(self) -> None:
        """Nothing is unpickled before its signature was checked."""
        with pytest.raises(errors.Untrusted):
            Task.deserialize(b'{"task_id": "hello", "module": "os", "callable": "abort"}')

    def test_run_fires_the_hooks_and_answers_the_task(self) -> None:
        """`result` holds the value; hooks may set what they like on the task."""

        def start(task: Task) -> None:
            task.began = True

        def success(task: Task, result: int) -> None:
            task.told = result

        task = Task(on_start=start, on_success=success)
        task.to_call(add, 12, 3)
        assert task.run() is task
        assert (task.began, task.told, task.result, task.status) == (True, 15, 15, SUCCESS)

    def test_run_raises_the_error_after_on_error(self) -> None:
        """The status is FAILED by then."""

        def error(task: Task, error: Exception) -> None:
            task.told = (task.status, str(error))

        task = Task(on_error=error)
        task.to_call(fail, "Math is hard.")
        with pytest.raises(OSError, match="Math is hard"):
            task.run()
        assert task.told == (FAILED, "Math is hard.")

    def test_delay_by_is_seconds_from_now(self) -> None:
        """It becomes `delay_until`."""
        before = time.time()
        assert before + 60 <= Task(delay_by=60).delay_until <= time.time() + 60

    def test_delay_until_takes_a_time_or_a_datetime_or_a_date(self) -> None:
        """Numbers are seconds since 1970; what names no time zone is local."""
        noon = dt.datetime(2030, 6, 1, 12, tzinfo=dt.UTC)
        assert Task(delay_until=12345678).delay_until == 12345678
        assert Task(delay_until=noon).delay_until == noon.timestamp()
        naive = dt.datetime(2030, 6, 1, 12)  # noqa: DTZ001 -- the point of it
        assert Task(delay_until=naive).delay_until == time.mktime(naive.timetuple())
        midnight = time.mktime((2030, 6, 1, 0, 0, 0, 0, 0, -1))
        assert Task(delay_until=dt.date(2030, 6, 1)).delay_until == midnight

    def test_both_delays_are_refused(self) -> None:
        """By the error of alligator's name."""
        with pytest.raises(errors.MultipleDelayError):
            Task(delay_by=1, delay_until=2)


class TestWorker:
    def test_its_attributes_say_what_it_was_made_of(self, gator: Gator) -> None:
        """As in alligator."""
        worker = Worker(gator, max_tasks=2, nap_time=1)
        assert (worker.gator, worker.max_tasks, worker.to_consume) == (gator, 2, ALL)
        assert (worker.nap_time, worker.tasks_complete) == (1, 0)

    def test_ident_names_the_process(self, gator: Gator) -> None:
        """For logs."""
        assert Worker(gator).ident().startswith("Alligator Worker (#")

    def test_check_and_run_task_runs_one(self, gator: Gator, tmp_path: Path) -> None:
        """True for a success; False when nothing waits."""
        worker = Worker(gator)
        gator.task((tmp_path / "a").write_text, "1")
        gator.task((tmp_path / "b").write_text, "2")
        assert worker.check_and_run_task() is True
        assert [path.name for path in tmp_path.glob("?")] == ["a"]
        assert (worker.tasks_complete, gator.len()) == (1, 1)
        assert worker.check_and_run_task() is True
        assert worker.check_and_run_task() is False

    def test_check_and_run_task_logs_an_error(
        self, gator: Gator, caplog: pytest.LogCaptureFixture
    ) -> None:
        """False for a failure, and the next task runs as if nothing had been."""
        worker = Worker(gator)
        gator.task(fail, "chosen poorly")
        gator.task(add, 1, 2)
        assert worker.check_and_run_task() is False
        assert "chosen poorly" in caplog.text
        assert worker.check_and_run_task() is True

    def test_result_is_told_of_each_value(self, gator: Gator) -> None:
        """A place for subclasses."""
        told: list[int] = []

        class Teller(Worker):
            def result(self, result: int) -> None:
                told.append(result)

        gator.task(add, 1, 2)
        Teller(gator).check_and_run_task()
        assert told == [3]

    def test_run_forever_ends_after_max_tasks(
        self, gator: Gator, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It answers 0, and `starting` and `stopping` tell the log."""
        tasks = [gator.task(add, number, 1) for number in range(3)]
        worker = Worker(gator, max_tasks=2)
        with caplog.at_level(logging.INFO, "gator_nb.worker"):
            assert worker.run_forever() == 0
        assert worker.tasks_complete == 2
        assert [str(task.status) for task in tasks] == ["success", "success", "waiting"]
        assert caplog.text.count(worker.ident()) >= 2

    def test_interrupt_ends_run_forever(self, gator: Gator) -> None:
        """What runs is finished, nothing more is begun."""

        class Once(Worker):
            def starting(self) -> None:
                super().starting()
                self.interrupt()

        assert Once(gator).run_forever() == 0
