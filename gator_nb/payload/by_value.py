"""Which functions and classes travel by value, and what such a function takes along."""

import sys
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

from .arriving import versions_here

_READS_GLOBAL = frozenset(
    {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS", "DELETE_GLOBAL"}
)
_HEAP_TYPE = 1 << 9


def by_reference(definition: Any) -> bool:
    """Whether a function or class is found again by its module and qualified name.

    Those of `__main__`, and those made inside functions, are not: they travel by value.
    """
    module_name = getattr(definition, "__module__", None)
    if module_name is None or module_name == "__main__":
        return False
    if isinstance(definition, type) and not definition.__flags__ & _HEAP_TYPE:
        return True
    return defining_module(definition) is not None


def defining_module(definition: Any) -> ModuleType | None:
    """The module that has a definition under its own name: the loaded one of that name, or one
    that came with a call; None when none has it."""
    name, qualname = definition.__module__, definition.__qualname__
    if "<locals>" in qualname:
        return None
    path = qualname.split(".")
    module = sys.modules.get(name)
    if module is not None and _has(module, path, definition):
        return module
    return next((one for one in versions_here(name) if _has(one, path, definition)), None)


def _has(module: ModuleType, path: list[str], definition: Any) -> bool:
    found: Any = module
    for part in path:
        found = getattr(found, part, None)
    return found is definition


@lru_cache(maxsize=500)
def global_names(code: CodeType) -> tuple[str, ...]:
    """The globals that this code and the code nested in it read, sorted."""
    import dis  # it is done once, and `import gator_nb` shall be quick

    read = {
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname in _READS_GLOBAL
    }
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            read.update(global_names(constant))
    return tuple(sorted(read))


def captured_globals(func: FunctionType) -> list[tuple[str, Any]]:
    """The globals that a function reads and that are there, by name."""
    space = func.__globals__
    return [(name, space[name]) for name in global_names(func.__code__) if name in space]


def captured_cells(func: FunctionType) -> list[tuple[str, Any]]:
    """The filled closure cells of a function, by name."""
    cells = func.__closure__
    if cells is None:
        return []
    found = []
    for name, cell in zip(func.__code__.co_freevars, cells, strict=True):
        try:
            found.append((name, cell.cell_contents))
        except ValueError:  # a name that is not assigned yet
            continue
    return found
