"""Functions of which all is known as long as their parts are the same objects.

A function is steady when nothing in what it captures can change unseen: numbers, texts, tuples of
them, what modules define, and functions that are steady themselves. One that captures a
list, a frame or any other object is not, for something in there may have changed since.
"""

from collections.abc import Callable
from itertools import chain
from operator import is_
from types import (
    BuiltinFunctionType,
    FunctionType,
    GenericAlias,
    ModuleType,
    UnionType,
)
from typing import Any, TypeVar
from weakref import ref

from .arriving import pieces_with
from .atoms import ATOMS
from .by_value import by_reference, captured_globals, defining_module
from .functions import contents_of, space_of, submodules_of
from .imports import imports_in_code
from .local_modules import module_with
from .module_sources import pieces_of_all

_MOST = 200
"""Parts that are compared; a function with more of them is gone through each time."""
_KNOWN = 100
"""Functions that are remembered."""


T = TypeVar("T")

_known: dict[int, tuple[ref[Any], list[Any], Any]] = {}


def steady(func: Any, make: Callable[[], T]) -> T | None:
    """What `make` gave for a function, called again only when something in it has changed; None
    for one that is not steady."""
    if type(func) is not FunctionType:
        return None
    parts = _parts_of(func)
    if parts is None:
        return None
    key = id(func)
    known = _known.get(key)
    if known is not None and known[0]() is func and _same(known[1], parts):
        found: T = known[2]
        return found
    made = make()
    after = _parts_of(func)
    if after is not None and _same(parts, after):  # else another thread has changed one meanwhile
        if len(_known) >= _KNOWN:
            _known.clear()
        _known[key] = ref(func, lambda _: _known.pop(key, None)), parts, made
    return made


def _same(before: list[Any], after: list[Any]) -> bool:
    return len(before) == len(after) and all(map(is_, before, after))


def _parts_of(func: FunctionType) -> list[Any] | None:
    parts: list[Any] = []
    walk = _Walk(parts)
    return parts if walk.function(func) and len(parts) <= _MOST else None


class _Walk:
    """Goes through what a function is pickled from, and notes each part."""

    def __init__(self, parts: list[Any]) -> None:
        self._parts = parts
        self._seen: set[int] = set()

    def function(self, func: FunctionType) -> bool:
        if id(func) in self._seen or len(self._parts) > _MOST:
            return True
        self._seen.add(id(func))
        return self._by_name(func) if by_reference(func) else self._by_value(func)

    def _by_name(self, definition: Any) -> bool:
        """Where its module travels as source, that source is a part of it."""
        self._parts.append(definition.__module__)
        home = defining_module(definition)
        if home is not None:
            self._parts += pieces_with(home)
        return True

    def _by_value(self, func: FunctionType) -> bool:
        code = func.__code__
        if func.__dict__:
            return False
        home = module_with(func.__globals__)
        named = (
            space_of(func.__globals__),
            dict(captured_globals(func)) if home is None else {},
            contents_of(func.__closure__),
            func.__kwdefaults__ or {},
            func.__annotations__,
        )
        values = list(chain.from_iterable(one.values() for one in named))
        self._parts += (code, func.__name__, func.__qualname__, func.__module__, func.__doc__)
        submodules = submodules_of(code, values)
        pieces = pieces_of_all(imports_in_code(code))
        self._parts += (*submodules, *pieces)
        self._parts += map(len, (submodules, pieces, *named))
        self._parts += chain.from_iterable(named)
        return all(map(self._value, (home, func.__defaults__, *values)))

    def _value(self, value: Any) -> bool:
        kind = type(value)
        if kind is FunctionType:
            if id(value) not in self._seen:
                self._parts.append(value)
            return self.function(value)
        self._parts.append(value)
        if kind in ATOMS:
            return True
        if kind is tuple:
            return len(value) <= _MOST and all(map(self._value, value))
        if kind is ModuleType:
            self._parts += pieces_with(value)
            return True
        if kind is BuiltinFunctionType:
            return value.__self__ is None or type(value.__self__) is ModuleType
        if kind is GenericAlias or kind is UnionType:
            return all(map(self._value, (getattr(value, "__origin__", None), *value.__args__)))
        if isinstance(value, type):
            return by_reference(value) and self._by_name(value)
        return False
