"""Containers that a task changed in its own copy, to nobody's use: nothing of it comes back."""

from collections.abc import Callable, Iterator
from types import FunctionType
from typing import Any

from .by_value import by_reference, captured_cells, captured_globals
from .capture import name_of
from .local_modules import module_with
from .wrapped import function_in

_KINDS = (list, dict, set, bytearray)
_ITEMS = 1_000
"""A container with more items is watched by their number alone."""

Look = tuple[Any, ...]


class OwnCopies:
    """The lists, dicts and sets that a function captures, as they are before it runs.

    >>> def work():
    ...     results.append(1)
    >>> results = []
    >>> copies = OwnCopies(work)
    >>> work()
    >>> copies.changed()
    ['`work` changed its own copy of `results`, and nobody else sees that: return it']
    """

    def __init__(self, func: Callable[..., Any]) -> None:
        self._name = name_of(func)
        self._before = [(name, value, _look(value)) for name, value in _containers(func)]

    def changed(self) -> list[str]:
        """A sentence about each that is not any more as it was."""
        return [
            f"`{self._name}` changed its own copy of `{name}`, and nobody else sees that: return it"
            for name, value, before in self._before
            if not _same(before, _look(value))
        ]


def _containers(func: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    inner = function_in(func)
    if inner is None or by_reference(inner):
        return
    for name, value in _captured(inner):
        if isinstance(value, _KINDS):
            yield name, value


def _captured(func: FunctionType) -> list[tuple[str, Any]]:
    cells = captured_cells(func)
    return cells if module_with(func.__globals__) is not None else cells + captured_globals(func)


def _look(value: Any) -> Look:
    """The items themselves, which are held so that no new ones take their place; those in lists
    and dicts in it are one level deeper."""
    if len(value) > _ITEMS:
        return (len(value),)
    if isinstance(value, bytearray):
        return (bytes(value),)
    if isinstance(value, dict):
        return (*value.keys(), *map(_inner, value.values()))
    return tuple(map(_inner, value)) if isinstance(value, list) else (frozenset(value),)


def _inner(value: Any) -> Any:
    small = isinstance(value, (list, dict, set)) and len(value) <= _ITEMS
    return (value, *_shallow(value)) if small else value


def _shallow(value: Any) -> Look:
    return (*value.keys(), *value.values()) if isinstance(value, dict) else tuple(value)


def _same(before: Look, after: Look) -> bool:
    """By identity: comparing a user's values could cost anything, or raise."""
    if len(before) != len(after):
        return False
    return all(_alike(one, other) for one, other in zip(before, after, strict=True))


def _alike(one: Any, other: Any) -> bool:
    if one is other:
        return True
    if type(one) is not type(other) or not isinstance(one, (tuple, frozenset, bytes, int)):
        return False
    if isinstance(one, tuple):
        return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
    return bool(one == other)
