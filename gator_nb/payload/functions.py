"""How a function travels by value: its code, what it captures, and where its globals live.

A function of a module, such as a closure that a module made, has that module's globals there, too;
one of the notebook has those globals that it reads. Functions that share a cell or their globals
share them when they arrive.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from .arriving import builtins_importing
from .by_value import captured_globals
from .imports import imports_in_code
from .local_modules import module_with
from .module_sources import Piece, pieces_of_all

_SPACE = ("__package__", "__name__", "__path__", "__file__")
"""What a relative import in a function reads."""


class Slot:
    """A cell as it travels: empty, for what is in it may lead to the function that has it."""

    __slots__ = ("cell",)

    def __init__(self, cell: CellType) -> None:
        self.cell = cell

    def __reduce__(self) -> tuple[type[CellType], tuple[()]]:
        return CellType, ()


class Sharing:
    """What the functions of one pickle have in common."""

    def __init__(self) -> None:
        self._slots: dict[int, Slot] = {}
        self._spaces: dict[int, dict[str, Any]] = {}

    def slots(self, cells: tuple[CellType, ...] | None) -> tuple[Slot, ...] | None:
        if cells is None:
            return None
        return tuple(self._slots.setdefault(id(cell), Slot(cell)) for cell in cells)

    def space(self, of: dict[str, Any]) -> dict[str, Any]:
        """Stands for these globals; the same object each time."""
        found = self._spaces.get(id(of))
        if found is None:
            found = self._spaces[id(of)] = space_of(of)
        return found


def reduce_function(
    func: FunctionType, sharing: Sharing, leave: Callable[[Any], Any]
) -> tuple[Any, ...]:
    """How pickle makes it again: an empty one first, then what it holds, which may be itself.

    Args:
        leave: gives what to pickle for a captured value.
    """
    code = func.__code__
    slots = sharing.slots(func.__closure__)
    home = module_with(func.__globals__)
    contents = contents_of(func.__closure__)
    if home is None:
        read = dict(captured_globals(func))
        pieces = pieces_of_all(imports_in_code(code))
        made: tuple[Any, ...] = (make, (code, sharing.space(func.__globals__), slots, pieces))
    else:
        read = {}
        made = (make_in, (code, home, slots))
    contents = {place: leave(value) for place, value in contents.items()}
    read = {name: leave(value) for name, value in read.items()}
    names = (func.__name__, func.__qualname__, func.__module__, func.__doc__)
    more = (func.__defaults__, func.__kwdefaults__, func.__annotations__ or None)
    submodules = submodules_of(code, chain(read.values(), contents.values()))
    state = (names, more, func.__dict__ or None, contents, read, submodules)
    return (*made, state, None, None, fill)


def make(
    code: CodeType,
    space: dict[str, Any],
    slots: tuple[CellType, ...] | None,
    pieces: tuple[Piece, ...],
) -> FunctionType:
    """A function with globals of its own, or shared with others of the same pickle."""
    known = space.get("__builtins__")
    if pieces:
        before = known["__import__"].pieces if isinstance(known, dict) else ()
        space["__builtins__"] = builtins_importing((*before, *pieces))
    elif known is None:
        space["__builtins__"] = sys.modules["builtins"]
    return FunctionType(code, space, None, None, slots)


def make_in(code: CodeType, module: ModuleType, slots: tuple[CellType, ...] | None) -> FunctionType:
    """A function with the globals of a module."""
    return FunctionType(code, module.__dict__, None, None, slots)


def fill(func: FunctionType, state: tuple[Any, ...]) -> None:
    """Give a function what it holds."""
    names, more, attributes, contents, read, _ = state
    func.__name__, func.__qualname__, func.__module__, func.__doc__ = names
    func.__defaults__, func.__kwdefaults__, annotations = more
    func.__annotations__ = annotations or {}
    if attributes:
        func.__dict__.update(attributes)
    func.__globals__.update(read)
    for place, value in contents.items():
        (func.__closure__ or ())[place].cell_contents = value


def space_of(space: dict[str, Any]) -> dict[str, Any]:
    """What stands for these globals, before it has any of the names that are read."""
    return {name: space[name] for name in _SPACE if name in space}


def contents_of(cells: tuple[CellType, ...] | None) -> dict[int, Any]:
    """What is in those cells that are filled, by their place."""
    found = {}
    for place, cell in enumerate(cells or ()):
        try:
            found[place] = cell.cell_contents
        except ValueError:  # a name that is not assigned yet
            continue
    return found


def submodules_of(code: CodeType, values: Iterable[Any]) -> tuple[ModuleType, ...]:
    """What is loaded of the packages among these values that the code reaches by attributes:
    `scipy.optimize` needs to be imported there, too."""
    packages = [value for value in values if isinstance(value, ModuleType) and value.__package__]
    return tuple(_reached(packages, set(_names(code)))) if packages else ()


def _reached(packages: Iterable[ModuleType], names: set[str]) -> Iterator[ModuleType]:
    for package in packages:
        if not hasattr(package, "__path__"):
            continue
        inner = (sys.modules.get(f"{package.__name__}.{name}") for name in sorted(names))
        found = [module for module in inner if module is not None]
        yield from found
        yield from _reached(found, names)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
