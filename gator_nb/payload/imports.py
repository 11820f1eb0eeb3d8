"""The imports in a piece of code, wherever in it they stand."""

import ast
import dis
from collections.abc import Iterator
from importlib.util import resolve_name
from types import CodeType
from weakref import ref

_of_code: dict[int, tuple[ref[CodeType], tuple[str, ...]]] = {}


def imports_in_source(source: bytes, package: str) -> tuple[str, ...]:
    """The modules that this source may import, in full; a name that is imported from one counts
    too, as it may be a module. None of what only type checkers read; nothing when it is no Python.

    >>> imports_in_source(b"def f():\\n    from .b import c", "a")
    ('a.b', 'a.b.c')
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    found: dict[str, None] = {}
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            found.update(dict.fromkeys(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            found.update(dict.fromkeys(_from(node.module or "", node.level, package, names)))
        elif isinstance(node, ast.If) and _only_for_types(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)
    return tuple(sorted(found))


def imports_in_code(code: CodeType, package: str = "") -> tuple[str, ...]:
    """The same for a function that travels by value, by its bytecode."""
    key = id(code)
    known = _of_code.get(key)
    if known is not None and known[0]() is code:
        return known[1]
    found: dict[str, None] = {}
    before: list[object] = [None, None]
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            level, names = before
            listed = list(names) if isinstance(names, tuple) else []
            depth = level if isinstance(level, int) else 0
            found.update(dict.fromkeys(_from(instruction.argval, depth, package, listed)))
        if instruction.opname not in ("EXTENDED_ARG", "CACHE"):
            before = [before[1], instruction.argval]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found.update(dict.fromkeys(imports_in_code(constant, package)))
    names = tuple(found)
    _of_code[key] = ref(code, lambda _: _of_code.pop(key, None)), names
    return names


def _from(module: str, level: int, package: str, names: list[str]) -> Iterator[str]:
    if level:
        try:
            module = resolve_name("." * level + module, package)
        except ImportError:  # beyond the top: it fails where it runs, too
            return
    yield module
    for name in names:
        if name != "*":
            yield f"{module}.{name}"


def _only_for_types(test: ast.expr) -> bool:
    name = test.attr if isinstance(test, ast.Attribute) else getattr(test, "id", None)
    return name == "TYPE_CHECKING"
