"""The card of a task can say that its function has been edited since."""

import sys

import pytest

from gator_nb.payload import Call, call_key, difference, edited_since


@pytest.fixture
def cell(monkeypatch):
    """Runs a cell that defines `edited_here` in this kernel."""

    def run(source, **space):
        exec(source, space := {"__name__": "__main__", **space})
        monkeypatch.setattr(
            sys.modules["__main__"], "edited_here", space["edited_here"], raising=False
        )
        return call_key(Call(space["edited_here"], (1,), {}))

    return run


NAME = "__main__.edited_here"


def test_a_function_that_was_run_again_unchanged_is_not_edited(cell):
    key = cell("def edited_here(x): return x")
    cell("# a comment\n\ndef edited_here(x):\n    return x  # as before")
    assert edited_since(key, NAME) is False


def test_one_that_does_something_else_is(cell):
    key = cell("def edited_here(x): return x")
    cell("def edited_here(x): return -x")
    assert edited_since(key, NAME) is True


def test_data_that_changed_is_no_edit(cell):
    key = cell("def edited_here(x): return data", data=[1])
    cell("def edited_here(x): return data", data=[2])
    assert edited_since(key, NAME) is False


@pytest.mark.parametrize("decorator", ["functools.cache", "loud"])
def test_what_is_decorated_counts(cell, decorator):
    source = f"""
import functools
def loud(func):
    @functools.wraps(func)
    def wrapper(*args): return func(*args)
    return wrapper
@{decorator}
def edited_here(x): return %s
"""
    key = cell(source % "x")
    cell(source % "x  # the same")
    assert edited_since(key, NAME) is False
    other = cell(source % "-x")
    assert edited_since(key, NAME) is True
    assert difference(key, other) == "its code"


def test_nobody_can_tell_of_a_function_that_is_not_here(cell):
    key = cell("def edited_here(x): return x")
    assert edited_since(key, "__main__.never_defined") is None
    assert edited_since(key, "no_such_module.fit") is None
    assert edited_since(None, NAME) is None
    assert edited_since(key.replace(":", ":3.1", 1).replace("3.13.", "9."), NAME) is None
