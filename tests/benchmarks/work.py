"""The work that everybody is given: `x + 5`, as a closure where closures are taken."""

from collections.abc import Callable
from typing import Any

_CELL = """
def closure():
    offset = 5
    return lambda x: x + offset
"""


def closure() -> Callable[[int], int]:
    """A small closure, as a cell of a notebook defines one: by nothing but its value can it get
    into another process."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(_CELL, space)
    made: Callable[[int], int] = space["closure"]()
    return made


def add(x: int) -> int:
    """What those run who take no closures: registered with them, or found by its name."""
    return x + 5
