"""Random generators that many tasks would start from the same state of: each draws the same."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from types import BuiltinMethodType, MethodType
from typing import Any

from .by_value import by_reference, captured_cells, captured_globals
from .capture import name_of
from .local_modules import module_with
from .shared_random import home_of
from .suspects import kind_of
from .wrapped import function_in

_KINDS = frozenset(
    {
        "random.Random",
        "numpy.random._generator.Generator",
        "numpy.random.mtrand.RandomState",
        "numpy.random.bit_generator.BitGenerator",
        "torch._C.Generator",
        "tensorflow.python.ops.stateful_random_ops.Generator",
    }
)
_CALLS = 1_000
"""Calls whose arguments are looked at: the first will do."""
_ITEMS = 100
_SEEDS = "give each its seed, as an argument: np.random.default_rng(seed)"

Arguments = tuple[tuple[Any, ...], dict[str, Any]]


def repeated_random_state(func: Callable[..., Any], calls: Sequence[Arguments]) -> str | None:
    """A sentence about a random generator that several of these calls would get copies of; None
    when there is none.

    >>> import random
    >>> source = random.Random(0)
    >>> repeated_random_state(lambda i: source.random(), [((1,), {}), ((2,), {})])
    '`<lambda>` captures `source` (random.Random): every task draws the same numbers from its \
copy; give each its seed, as an argument: np.random.default_rng(seed)'
    """
    if len(calls) < 2:
        return None
    for name, value in _captured(func):
        if _is_random(value):
            return _told(f"`{name_of(func)}` captures `{name}`", value)
    seen: set[int] = set()
    for args, kwargs in islice(calls, _CALLS):
        given = [value for value in (*args, *kwargs.values()) if _is_random(value)]
        for value in given:
            if id(value) in seen:
                return _told(f"`{name_of(func)}` gets the same generator again and again", value)
        seen.update(map(id, given))
    return None


def _told(beginning: str, value: Any) -> str:
    kind = kind_of(_owner(value))
    return f"{beginning} ({kind}): every task draws the same numbers from its copy; {_SEEDS}"


def _captured(func: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """What a function captures, and what the objects and containers among it hold."""
    yield from _inside("self", getattr(func, "__self__", None))
    inner = function_in(func)
    if inner is None or by_reference(inner):
        return
    found = captured_cells(inner)
    if module_with(inner.__globals__) is None:
        found += captured_globals(inner)
    for name, value in found:
        yield name, value
        yield from _inside(name, value)


def _inside(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (list, tuple)):
        for place, item in enumerate(islice(value, _ITEMS)):
            yield f"{name}[{place}]", item
    elif isinstance(value, dict):
        for key, item in islice(value.items(), _ITEMS):
            yield f"{name}[{key!r:.40}]", item
    elif not isinstance(value, type):
        for attribute, item in islice(getattr(value, "__dict__", {}).items(), _ITEMS):
            yield f"{name}.{attribute}", item


def _owner(value: Any) -> Any:
    """What a method is bound to, as `rng.normal`; else the value itself."""
    owner = getattr(value, "__self__", None)
    return owner if callable(value) and owner is not None else value


def _is_random(value: Any) -> bool:
    bound = isinstance(value, (MethodType, BuiltinMethodType))
    if bound and home_of(value) is not None:  # the generator of wherever it runs
        return False
    kinds = type(_owner(value)).__mro__
    return any(f"{kind.__module__}.{kind.__qualname__}" in _KINDS for kind in kinds)
