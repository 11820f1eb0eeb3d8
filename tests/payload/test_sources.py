"""The source of functions travels with a call, and tracebacks show it where it is not."""

import linecache
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gator_nb.payload import Call, Packing, know_sources

CELL = """
def inner(x):
    # the line that fails
    return 1 / x

def outer(x):
    def between():
        return inner(x)
    return between()
"""


@pytest.fixture
def outer() -> Iterator[Callable[[int], float]]:
    """A function of a cell, as a notebook's kernel has it."""
    name = "/tmp/ipykernel_1/123456.py"
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(CELL, name, "exec"), namespace)
    linecache.cache[name] = (len(CELL), None, CELL.splitlines(keepends=True), name)
    yield namespace["outer"]
    linecache.cache.pop(name, None)


def pushed(func: Callable[..., Any]) -> dict[str, dict[str, str]] | None:
    return Packing().packed(Call(func, (), {})).sources


def test_what_a_function_calls_travels_too(outer: Callable[[int], float]) -> None:
    """Each by its own lines, not the whole cell, and what is inside of it once."""
    sources = pushed(outer)
    assert sources is not None
    ((file, pieces),) = sources.items()
    assert file == "/tmp/ipykernel_1/123456.py"
    assert {int(first): text.splitlines()[0] for first, text in pieces.items()} == {
        2: "def inner(x):",
        6: "def outer(x):",
    }


def test_a_traceback_shows_the_lines_where_the_file_is_not(outer: Callable[[int], float]) -> None:
    sources = pushed(outer)
    linecache.cache.clear()
    know_sources(sources)
    with pytest.raises(ZeroDivisionError) as caught:
        outer(0)
    text = "".join(traceback.format_exception(caught.value))
    assert "return between()" in text
    assert "return 1 / x" in text


def test_what_is_installed_stays_where_it_is() -> None:
    """A function that travels by reference needs no source."""
    assert pushed(traceback.format_exc) is None


def test_a_file_that_is_here_is_left_alone() -> None:
    before = linecache.getlines(__file__)
    know_sources({__file__: {"1": "something else\n"}})
    assert linecache.getlines(__file__) == before


def test_a_function_without_a_source_goes_without() -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec("def plain(x): return x", namespace)
    assert pushed(namespace["plain"]) is None
