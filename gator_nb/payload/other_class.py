"""A result of a class that is not, or not any more, the one of that name here."""

import sys
from itertools import islice
from typing import Any

_ITEMS = 20


def of_another_class(value: Any) -> str | None:
    """A sentence about a value, or one of the first items in it, whose class is not the one that
    its module has here; None when there is none.

    A kernel that was restarted has defined the classes of its cells anew; a module may have been
    edited since the task was pushed.
    """
    for one in _first(value):
        kind = type(one)
        here = _here(kind)
        if here is not None and here is not kind:
            name = kind.__qualname__
            return (
                f"`{name}` of this result is the class as it was when the task was pushed, and "
                f"isinstance(result, {name}) is False here: the class has been defined anew "
                "since; the task run again gives the new one"
            )
    return None


def _first(value: Any) -> list[Any]:
    kind = type(value)
    if kind in (list, tuple, set, frozenset):
        return list(islice(value, _ITEMS))
    return list(islice(value.values(), _ITEMS)) if kind is dict else [value]


def _here(kind: type) -> Any:
    if "<locals>" in kind.__qualname__:
        return None
    found: Any = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None
