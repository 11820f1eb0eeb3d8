"""What comes of a try: a value, or the user's own exception with the user's own lines."""

import subprocess
import sys
import textwrap
import threading

import pytest

from gator_nb import errors
from gator_nb.payload import (
    RemoteTraceback,
    error_of,
    outcome_of_error,
    outcome_of_value,
    value_of,
)


class TwoArguments(Exception):
    """Pickles, but its args do not fit its constructor."""

    def __init__(self, code, place):
        super().__init__(f"{code} at {place}")
        self.code = code


class Mangled(Exception):
    """Pickles and unpickles, but as another text."""

    def __init__(self, text):
        super().__init__(f"prefix {text}")


class HoldsLock(Exception):
    def __init__(self):
        super().__init__("held")
        self.lock = threading.Lock()


class BadText(Exception):
    def __str__(self):
        raise RuntimeError


def no_large(names):
    pytest.fail(f"asks for {names}")


def caught(raise_it):
    try:
        raise_it()
    except BaseException as error:
        return error
    raise AssertionError


def raising(error):
    def fail():
        raise error

    return caught(fail)


def test_a_value_comes_back():
    outcome = outcome_of_value("t", "c", {"accuracy": 0.9})
    assert outcome.ok
    assert outcome.preview == "{'accuracy': 0.9}"
    assert value_of(outcome, no_large) == {"accuracy": 0.9}


def test_none_is_a_value():
    assert value_of(outcome_of_value("t", "c", None), no_large) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((i for i in ()), r"the result \(generator\) is not a value yet: return a list of it"),
        ({"a": [threading.Lock()]}, r"the result holds `\['a'\]\[0\]` \(_thread.lock\)"),
    ],
)
def test_a_result_that_does_not_pickle_is_refused_with_advice(value, text):
    with pytest.raises(errors.NotPicklable, match=text):
        outcome_of_value("t", "c", value)


def test_the_users_own_exception_comes_back_with_the_remote_traceback_as_its_cause():
    error = error_of(outcome_of_error("t", "c", raising(KeyError("column"))))
    assert type(error) is KeyError
    assert error.args == ("column",)
    assert isinstance(error.__cause__, RemoteTraceback)
    assert "raise error" in str(error.__cause__)


def test_asking_a_failed_outcome_for_its_value_raises_its_error():
    with pytest.raises(ZeroDivisionError):
        value_of(outcome_of_error("t", "c", raising(ZeroDivisionError("x"))), no_large)


@pytest.mark.parametrize("error", [TwoArguments(3, "here"), Mangled("text"), OSError(2, "no", "f")])
def test_an_exception_whose_constructor_takes_something_else_comes_back_all_the_same(error):
    back = error_of(outcome_of_error("t", "c", raising(error)))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert getattr(back, "code", None) == getattr(error, "code", None)


def test_notes_come_back():
    error = ValueError("x")
    error.add_note("in fold 3")
    assert error_of(outcome_of_error("t", "c", raising(error))).__notes__ == ["in fold 3"]


def test_tracebacks_stay_here_though_a_library_has_pickle_take_them_along():
    """As dask.distributed does, by tblib: their frames hold what the task captured."""
    script = """
        import tblib.pickling_support
        from gator_nb.payload.failure import pickled_error, raised_again

        tblib.pickling_support.install()
        try:
            try:
                raise KeyError("inner")
            except KeyError as inner:
                raise ValueError("outer") from inner
        except ValueError as error:
            copy = raised_again(pickled_error(error), "", None)
        print(repr(copy), copy.__traceback__, copy.__cause__)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "ValueError('outer') None None\n"


def test_an_exception_that_does_not_pickle_becomes_a_task_failed_with_its_text():
    outcome = outcome_of_error("t", "c", raising(HoldsLock()))
    assert outcome.payload is None
    error = error_of(outcome)
    assert type(error) is errors.TaskFailed
    assert error.error == "HoldsLock: held"
    assert "raise error" in error.traceback


def test_an_exception_that_cannot_be_made_here_becomes_a_task_failed_that_says_why():
    outcome = outcome_of_error("t", "c", raising(ValueError("x")))
    error = error_of(outcome._replace(payload=b"cnowhere\nMissing\n."))
    assert type(error) is errors.TaskFailed
    assert "No module named 'nowhere'" in error.__notes__[0]


def test_the_one_line_is_one_line_and_says_how_much_it_leaves_out():
    outcome = outcome_of_error("t", "c", ValueError("line\n" * 1000))
    assert len(outcome.error) <= 500
    assert "\n" not in outcome.error
    assert outcome.error.endswith("more characters)")
    assert outcome_of_error("t", "c", ValueError()).error == "ValueError"


def test_an_exception_whose_text_raises_is_still_an_outcome():
    assert outcome_of_error("t", "c", raising(BadText())).error.startswith("BadText: <its text")


def test_the_traceback_begins_at_the_users_first_frame():
    """Frames before it, of gator_nb and of the files named, say nothing to the user."""

    def fail():
        raise ValueError

    space = {"fail": fail}
    exec(compile("def supervise():\n    fail()\n", "supervisor.py", "exec"), space)
    error = caught(space["supervise"])
    error.__traceback__ = error.__traceback__.tb_next  # as the supervisor sees it
    assert "supervisor.py" in outcome_of_error("t", "c", error).traceback
    text = outcome_of_error("t", "c", error, skip_files={"supervisor.py"}).traceback
    assert "supervisor.py" not in text
    assert "raise ValueError" in text


def test_chained_errors_are_in_the_traceback():
    def fail():
        try:
            raise KeyError("first")
        except KeyError as error:
            raise ValueError("second") from error

    text = outcome_of_error("t", "c", caught(fail)).traceback
    assert "KeyError: 'first'" in text
    assert "direct cause" in text


def test_an_endless_traceback_is_cut_in_the_middle_and_says_so():
    def ping(n):
        return pong(n) + 1

    def pong(n):
        return ping(n + 1)

    error = ValueError("x" * 300_000)
    text = outcome_of_error("t", "c", error).traceback
    assert len(text) < 101_000
    assert "characters are left out here" in text
    assert "RecursionError" in outcome_of_error("t", "c", caught(lambda: ping(0))).traceback
