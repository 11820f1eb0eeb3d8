"""The pickler of calls. Importing it loads cloudpickle."""

import copyreg
import functools
from types import CodeType, FunctionType
from typing import Any

import cloudpickle

from .by_value import by_reference
from .call import Call

PROTOCOL = 5

_BY_NAME = {id(Call)} | {
    id(value)
    for value in vars(cloudpickle.cloudpickle).values()
    if isinstance(value, FunctionType) and value.__module__ == cloudpickle.cloudpickle.__name__
}
"""What nearly every pickle of a call names: a look here is a tenth of cloudpickle's own search."""


class _Reducers(dict[type, Any]):
    """cloudpickle's reducers before those of copyreg; a quarter of the time of its ChainMap."""

    def __missing__(self, kind: type) -> Any:
        return copyreg.dispatch_table[kind]


class CallPickler(cloudpickle.Pickler):  # type: ignore[misc]
    """cloudpickle's, with one addition: a notebook's function under `functools.cache`, or
    `lru_cache`, travels by value; cloudpickle sends its name, which nobody knows where it
    arrives."""

    dispatch_table = _Reducers(cloudpickle.Pickler.dispatch_table.maps[0])

    def __init__(self, file: Any, protocol: int | None = None, **more: Any) -> None:
        super().__init__(file, protocol=protocol, **more)
        self.codes: list[CodeType] = []
        """Of the functions that were pickled by value."""

    def reducer_override(self, obj: Any) -> Any:
        if id(obj) in _BY_NAME:
            return NotImplemented
        if type(obj) is functools._lru_cache_wrapper and _is_ours(obj):  # noqa: SLF001
            return _reduce_cached(self, obj)
        reduced = super().reducer_override(obj)
        if type(obj) is FunctionType and reduced is not NotImplemented:
            self.codes.append(obj.__code__)
        return reduced


def _is_ours(cached: Any) -> bool:
    return isinstance(cached.__wrapped__, FunctionType) and not by_reference(cached)


def _reduce_cached(pickler: Any, cached: Any) -> tuple[Any, ...]:
    # In two steps as cloudpickle does it for functions: an empty one first, then what it
    # captures, which may be itself.
    make, parts, state, _, _, set_state = pickler._dynamic_function_reduce(cached.__wrapped__)  # noqa: SLF001
    return (
        _make_cached,
        (make, parts, cached.cache_parameters()),
        (set_state, state),
        None,
        None,
        _fill,
    )


def _make_cached(make: Any, parts: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(make(*parts))


def _fill(cached: Any, state: tuple[Any, Any]) -> None:
    set_state, inner = state
    set_state(cached.__wrapped__, inner)
    functools.update_wrapper(cached, cached.__wrapped__)
