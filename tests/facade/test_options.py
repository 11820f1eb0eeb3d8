"""The options of a task: what each takes, and what is said of a wrong one."""

import datetime as dt
import time

import numpy as np
import pytest

from gator_nb import DELAYED, WAITING, Gator, Status, Task, current_task, errors

NOW = dt.datetime.now(dt.UTC)


def fit(lr: float, depth: int = 3) -> float:
    return lr * depth


def test_a_near_miss_is_named(gator: Gator) -> None:
    """A slip of the pen is told where it is written."""
    with pytest.raises(TypeError, match="no option 'retry'; did you mean 'retries'"):
        gator.options(retry=3)


def test_an_option_that_is_none_names_those_there_are(gator: Gator) -> None:
    """Where nothing comes near, all are listed."""
    with pytest.raises(TypeError, match=r"no option 'zzz'; there are task_id, retries, .*reuse"):
        gator.options(zzz=3)


def test_an_option_given_to_the_function_is_told_apart(gator: Gator) -> None:
    """Every keyword goes to the function, so the mend says where an option belongs."""
    with pytest.raises(TypeError, match=r"retries is an option: gator.options\(retries=3\).task"):
        gator.task(fit, 0.1, retries=3)


def test_a_function_with_a_parameter_of_that_name_gets_it(gator: Gator) -> None:
    """The function's own `name` is not ours."""

    def greet(name: str) -> str:
        return f"hello {name}"

    gator.task(greet, name="Ada")
    assert gator.pop().result == "hello Ada"


def test_a_call_that_cannot_work_is_refused_at_push(gator: Gator) -> None:
    """With the signature, and before anything is stored."""
    with pytest.raises(TypeError, match=r"fit\(lr: float.*missing a required argument: 'lr'"):
        gator.task(fit)
    assert len(gator) == 0


def test_the_result_of_a_call_is_not_a_function(gator: Gator) -> None:
    """`gator.task(f(x))` has run `f` already; the mend shows how it is written."""
    with pytest.raises(TypeError, match=r"write gator.task\(f, x\), not gator.task\(f\(x\)\)"):
        gator.task(fit(1.0))


@pytest.mark.parametrize(
    ("option", "value", "kind"),
    [
        ("retries", -1, ValueError),
        ("retries", 1.5, ValueError),
        ("retries", "many", ValueError),
        ("retries", float("inf"), ValueError),
        ("retries", True, TypeError),
        ("retries", None, TypeError),
        ("backoff", -1, ValueError),
        ("backoff", "soon", ValueError),
        ("delay_by", [], TypeError),
        ("delay_by", -5, ValueError),
        ("delay_by", float("nan"), ValueError),
        ("delay_until", "tomorrow", TypeError),
        ("delay_until", float("nan"), ValueError),
        ("on_start", "print", TypeError),
        ("on_success", 3, TypeError),
        ("on_error", [], TypeError),
        ("name", "half \udcff", ValueError),
        ("queue", "half \udcff", ValueError),
        ("tags", ["half \udcff"], ValueError),
        ("priority", 101, ValueError),
        ("priority", 1.5, ValueError),
        ("priority", "high", TypeError),
        ("priority", True, TypeError),
        ("tags", 3, TypeError),
        ("tags", ["a", 3], TypeError),
        ("tags", [" "], ValueError),
        ("queue", "*", ValueError),
        ("queue", "", ValueError),
        ("queue", 3, TypeError),
        ("expires", "soon", ValueError),
        ("expires", -1, ValueError),
        ("expires", [], TypeError),
        ("on_lost", "rerty", ValueError),
    ],
)
def test_a_wrong_value_is_told_with_its_option(
    gator: Gator, option: str, value: object, kind: type[Exception]
) -> None:
    """By `gator.options` already, not by the first task."""
    with pytest.raises(kind, match=option):
        gator.options(**{option: value})


@pytest.mark.parametrize("value", [7, "seven", [Task(), 3]])
def test_depends_on_takes_tasks_and_ids(gator: Gator, value: object) -> None:
    """Something else is told when the task is pushed; a text is an id, here an unknown one."""
    kind = errors.DependencyError if value == "seven" else TypeError
    with pytest.raises(kind, match="depends"):
        gator.options(depends_on=value).task(fit, 1.0)


def test_both_delays_are_refused(gator: Gator) -> None:
    """Which of them would hold?"""
    with pytest.raises(errors.MultipleDelayError, match="not both"):
        gator.options(delay_by=3, delay_until=NOW)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (90, 90),
        (0.5, 0.5),
        ("90s", 90),
        ("2h", 7200),
        ("1h30m", 5400),
        ("1 h 30 min", 5400),
        ("250ms", 0.25),
        ("1d", 86400),
        ("1w", 604800),
        (dt.timedelta(minutes=2), 120),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
    ],
)
def test_durations_are_seconds_timedeltas_or_text(value: object, seconds: float) -> None:
    """Scalars of numpy are numbers too."""
    assert Task(backoff=value).backoff == seconds


def test_a_delayed_task_waits_for_its_time(gator: Gator) -> None:
    """DELAYED, not yet to be popped, and counted by `len`."""
    task = gator.options(delay_by="2h").task(fit, 1.0)
    assert task.status is DELAYED
    assert time.time() + 7100 < task.delay_until < time.time() + 7300
    assert gator.pop() is None
    assert len(gator) == 1


def test_a_time_that_has_passed_delays_nothing(gator: Gator) -> None:
    """`delay_until` yesterday, `delay_by=0`: ready."""
    yesterday = NOW - dt.timedelta(days=1)
    assert gator.options(delay_until=yesterday).task(fit, 1.0).status is WAITING
    assert gator.options(delay_by=0).task(fit, 1.0).status is WAITING


def test_each_task_of_one_options_is_delayed_from_its_own_push(gator: Gator) -> None:
    """`delay_by` is counted when the task is made."""
    later = gator.options(delay_by=60)
    first = later.task(fit, 1.0).delay_until
    assert later.task(fit, 1.0).delay_until > first


def test_naive_datetimes_are_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a person writes in a notebook is their own clock's time."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        noon = dt.datetime(2030, 6, 1, 12)  # noqa: DTZ001 -- the point of it
        utc = dt.datetime(2030, 6, 1, 3, tzinfo=dt.UTC)
        assert Task(delay_until=noon).delay_until == utc.timestamp()
    finally:
        monkeypatch.undo()
        time.tzset()


def test_attributes_of_a_local_task_are_checked_as_its_options_are() -> None:
    """A wrong value is told at the assignment, a convertible one converted."""
    task = Task()
    task.retries = np.int64(3)
    assert task.retries == 3
    with pytest.raises(ValueError, match="retries='x'"):
        task.retries = "x"
    task.delay_until = NOW
    assert task.delay_until == NOW.timestamp()


def test_a_wrong_word_names_the_near_miss(gator: Gator) -> None:
    """As a wrong option does."""
    with pytest.raises(ValueError, match="on_lost='retri': did you mean 'retry'"):
        gator.options(on_lost="retri")
    with pytest.raises(ValueError, match="on_lost='never': give 'retry' or 'fail'"):
        gator.options(on_lost="never")


def test_options_of_scheduling_are_on_the_handle(gator: Gator) -> None:
    """Also on one that somebody else found."""
    given = {"priority": -3, "tags": ("a", "b"), "on_lost": "fail", "queue": "night"}
    task = gator.options(**given).task(fit, 1.0)
    for handle in (task, gator[task.task_id]):
        assert {name: getattr(handle, name) for name in given} == given


def test_a_local_task_shows_its_defaults_and_checks_what_is_set() -> None:
    """By the same checks."""
    task = Task()
    assert (task.priority, task.tags, task.expires, task.on_lost) == (0, (), None, None)
    task.tags = ["a", "a"]
    assert task.tags == ("a",)
    with pytest.raises(ValueError, match="priority=1000"):
        task.priority = 1000


@pytest.mark.parametrize("value", ["2h", 7200, dt.timedelta(hours=2)])
def test_expires_is_a_duration_or_a_time(gator: Gator, value: object) -> None:
    """A number is seconds from now; a datetime or a date is that moment."""
    task = gator.options(expires=value).task(fit, 1.0)
    assert time.time() + 7100 < task.expires < time.time() + 7300
    assert gator.options(expires=NOW + dt.timedelta(1)).task(fit, 1.0).expires > time.time()


def test_what_could_never_start_is_refused(gator: Gator) -> None:
    """It would expire before its delay is over."""
    with pytest.raises(ValueError, match="expires ends before the delay does"):
        gator.options(delay_by="2h", expires="1h").task(fit, 1.0)


def test_current_task_knows_its_options(gator: Gator) -> None:
    """Inside of the task, and of its hooks."""

    def own() -> tuple:
        task = current_task()
        return task.name, task.tags, task.priority, task.queue

    task = gator.options(name="n", tags="t", priority=7).task(own)
    gator.pop()
    assert task.result == ("n", ("t",), 7, gator.queue_name)


def test_options_are_reusable_with_and_without_with(gator: Gator) -> None:
    """The same object makes any number of tasks."""
    named = gator.options(name="nightly", retries=2)
    with named as opts:
        opts.task(fit, 1.0)
    named.task(fit, 2.0)
    assert [task.name for task in gator] == ["nightly", "nightly"]


def test_a_task_class_of_ones_own_may_have_options_of_its_own(conn: str) -> None:
    """`gator.options` asks the class, so what that takes is taken."""

    class Costed(Task):
        def __init__(self, *args: object, budget: int = 0, **options: object) -> None:
            self.budget = budget
            super().__init__(*args, **options)

    with Gator(conn, task_class=Costed) as gator:
        task = gator.options(budget=5, retries=1).task(fit, 2.0)
        assert (task.budget, task.retries) == (5, 1)
        assert type(gator.pop()) is Costed
        with pytest.raises(TypeError, match="no option 'bugdet'"):
            gator.options(bugdet=5)


def test_statuses_are_numbers_and_words() -> None:
    """`str` is the word, in every kind of text."""
    assert f"{Status.RUNNING}" == str(Status.RUNNING) == "running"
    assert Status.RETRYING == 4
