"""The pickler of calls. Importing it loads cloudpickle."""

import copyreg
import functools
import sys
from pickle import PicklingError
from types import BuiltinMethodType, CodeType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary, WeakValueDictionary

import cloudpickle

from . import arriving, functions, shared_random
from .by_value import by_reference, defining_module
from .call import PROTOCOL, Call
from .code_objects import code_of, with_its_python
from .functions import Sharing, Slot, reduce_function
from .large import Beside, Named, is_scattered, leaving
from .local_modules import is_local, travelled
from .module_sources import Piece
from .pickling import loads
from .references import ValueOf
from .suspects import is_bar

if TYPE_CHECKING:
    from collections.abc import Hashable


def _functions_of(module: ModuleType) -> set[int]:
    return {
        id(value)
        for value in vars(module).values()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }


_BY_NAME = (
    {id(Call), id(Slot), id(Piece), id(code_of)}
    | _functions_of(cloudpickle.cloudpickle)
    | _functions_of(functions)
    | _functions_of(arriving)
)
"""What nearly every pickle of a call names: a look here is a tenth of cloudpickle's own search."""


def _reduce_code(code: CodeType) -> tuple[Any, ...]:
    """As cloudpickle does, with its file: from 3.1.3 on cloudpickle writes a word instead, and a
    traceback could not show the user's own lines."""
    _, parts = cloudpickle.cloudpickle._code_reduce(code)  # noqa: SLF001
    return with_its_python((*parts[:_FILE], code.co_filename, *parts[_FILE + 1 :]))


def _place_of_the_file() -> int:
    """Among the arguments of a code object, which differ between versions of Python: just before
    its name."""
    code = compile("", "", "exec").replace(co_name="the name")
    _, parts = cloudpickle.cloudpickle._code_reduce(code)  # noqa: SLF001
    return int(parts.index("the name")) - 1


_FILE = _place_of_the_file()


def _reduce_weak(mapping: Any) -> tuple[Any, ...]:
    """What `functools.singledispatch` holds, as one: entries whose keys nobody else holds go."""
    return type(mapping), (), None, None, iter(list(mapping.items()))


def _refuse_bar(bar: object) -> Any:
    """One that writes to a file that pickles would itself, and fail where it is to be used."""
    raise PicklingError(f"a bar stays where it was made: {type(bar)}")


class _Reducers(dict[type, Any]):
    """cloudpickle's reducers before those of copyreg; a quarter of the time of its ChainMap."""

    def __missing__(self, kind: type) -> Any:
        if is_bar(cast("Hashable", kind)):
            return _refuse_bar
        return copyreg.dispatch_table[kind]


class CallPickler(cloudpickle.Pickler):  # type: ignore[misc]
    """cloudpickle's, for what no module defines; and beyond it

    - what the user's own modules define travels as the source of those modules;
    - functions share cells and globals as they did (`functions.py`);
    - a notebook's function under `functools.cache`, or `lru_cache`, travels by value.
    """

    dispatch_table = _Reducers(
        cloudpickle.Pickler.dispatch_table.maps[0]
        | dict.fromkeys((WeakKeyDictionary, WeakValueDictionary), _reduce_weak)
        | {CodeType: _reduce_code}
    )

    def __init__(
        self, file: Any, protocol: int | None = None, beside: Beside | None = None, **more: Any
    ) -> None:
        if beside is not None:
            more["buffer_callback"] = beside
        super().__init__(file, protocol=protocol, **more)
        self._beside = beside
        self._left: dict[int, Any] = {}
        self.refs: list[str] = []
        """Large values in the store that what was pickled has the names of."""
        self.codes: list[CodeType] = []
        """Of the functions that were pickled by value."""
        self.modules: set[str] = set()
        """That the pickle names, or sends the source of."""
        self._sharing = Sharing()

    def reducer_override(self, obj: Any) -> Any:
        if id(obj) in _BY_NAME:
            return NotImplemented
        kind = type(obj)
        if kind is FunctionType:
            return self._by_name(obj) if by_reference(obj) else self._function(obj)
        if issubclass(kind, type):
            return self._class(obj)
        if issubclass(kind, ModuleType):
            return self._module(obj)
        if kind is MethodType or kind is BuiltinMethodType:
            home = shared_random.home_of(obj)
            return NotImplemented if home is None else (getattr, (home, obj.__name__))
        if kind is functools._lru_cache_wrapper and isinstance(obj.__wrapped__, FunctionType):  # noqa: SLF001
            return self._by_name(obj) if by_reference(obj) else self._cached(obj)
        if (
            _names_itself(cast("Hashable", kind))
            and type(named := obj.__reduce_ex__(PROTOCOL)) is str
        ):
            return arriving.attribute, (sys.modules[kind.__module__], named)
        for name in ("stdout", "stderr"):  # a kernel's are of a kind that cannot be pickled
            if obj is getattr(sys, name):
                return getattr, (sys, name)
        return self._large(obj, kind)

    def _large(self, obj: Any, kind: type) -> Any:
        """What leaves for the store, or is there."""
        if kind.__name__ == "ndarray" and self._beside is not None and is_scattered(obj):
            return obj.copy().__reduce_ex__(PROTOCOL)
        if isinstance(obj, Named):
            self.refs += obj.refs
            return NotImplemented
        if kind is ValueOf and self._beside is not None:
            data, *buffers = self._beside.there(obj.refs)
            return loads, (data, buffers)
        return NotImplemented

    def _function(self, func: FunctionType) -> Any:
        self.codes.append(func.__code__)
        return reduce_function(func, self._sharing, self._leave)

    def _leave(self, captured: Any) -> Any:
        """What to pickle for a captured value; the same for the same one."""
        if self._beside is None:
            return captured
        left = self._left.get(id(captured))
        if left is None:
            left = leaving(captured)
            if left is not captured:
                self._left[id(captured)] = left
        return left

    def _class(self, cls: type) -> Any:
        # Some are not found in `builtins`: the types of None and of code.
        named = cls.__module__ != "builtins" and by_reference(cls)
        return self._by_name(cls) if named else super().reducer_override(cls)

    def _by_name(self, definition: Any) -> Any:
        """What a module defines: its name where that is installed, else by the module."""
        name = definition.__module__
        self.modules.add(name)
        home = defining_module(definition)
        if home is not None and (travelled(home.__spec__) is not None or is_local(name)):
            return arriving.attribute, (home, definition.__qualname__)
        return NotImplemented

    def _module(self, module: ModuleType) -> Any:
        name = module.__name__
        self.modules.add(name)
        pieces = arriving.pieces_with(module)
        if pieces:
            return arriving.arrive, (name, pieces)
        return cloudpickle.cloudpickle._module_reduce(module)  # noqa: SLF001

    def _cached(self, cached: Any) -> tuple[Any, ...]:
        # In two steps as it is with functions: an empty one first, then what it captures, which
        # may be itself.
        self.codes.append(cached.__wrapped__.__code__)
        make, parts, state, _, _, fill = reduce_function(
            cached.__wrapped__, self._sharing, self._leave
        )
        return (
            _make_cached,
            (make, parts, cached.cache_parameters()),
            (fill, state),
            None,
            None,
            _fill_cached,
        )


@functools.lru_cache(maxsize=1_000)
def _names_itself(kind: type) -> bool:
    """Whether objects of this class may say that they are a global of a local module, as a
    sentinel does; pickle would send the name alone."""
    defined = {name for one in kind.__mro__ if one is not object for name in vars(one)}
    own = not defined.isdisjoint(("__reduce__", "__reduce_ex__"))
    return own and kind.__module__ in sys.modules and is_local(kind.__module__)


def _make_cached(make: Any, parts: tuple[Any, ...], parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(make(*parts))


def _fill_cached(cached: Any, state: tuple[Any, Any]) -> None:
    fill, inner = state
    fill(cached.__wrapped__, inner)
    functools.update_wrapper(cached, cached.__wrapped__)
