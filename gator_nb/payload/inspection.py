"""What a call takes along, as a table: each value, its size, its origin, and how it travels."""

from collections import deque
from collections.abc import Iterator
from itertools import islice
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from .arriving import pieces_with
from .by_value import by_reference, captured_cells, captured_globals, defining_module
from .call import Call
from .capture import culprit, culprit_in, name_of, parameters
from .imports import imports_in_code
from .local_modules import editable, is_compiled, module_with
from .module_sources import Piece, pieces_of_all
from .pickling import leaving_call
from .suspects import kind_of, mend_of
from .weighing import Weight, weight_of
from .wrapped import function_in

_PARTS = 200
"""Values that are listed; what is left out is counted."""
_HEADINGS = ("name", "type", "size", "origin", "travels")


class Part(NamedTuple):
    """One value that a call takes along."""

    name: str
    type: str
    size: int | None
    """Bytes that it takes by itself; None where it cannot be pickled."""
    origin: str
    """"argument", "default", "closure of `f`", "notebook, read by `f`", "module"..."""
    travels: str
    """"by value", "by name", "as source"; or what is in the way, and the mend."""


class Report:
    """What a call would take along; shows as a table, in a notebook and as text.

    Attributes:
        parts: each value.
        size: bytes of the whole call; None where it cannot be pickled. What several parts share
            counts once in it.
        beside: bytes of it that the store keeps once, whichever tasks take them along.
        problem: what is in the way of pushing it, the path to it and the mend; None when nothing.
    """

    def __init__(self, call: Call) -> None:
        self.name = name_of(call.func)
        weight = weight_of(leaving_call(call))
        self.size, self.problem = weight and weight.size, None
        self.beside = 0 if weight is None else weight.beside
        if self.size is None:
            self.problem = culprit(call) or f"the call of `{self.name}` cannot be pickled"
        parts = list(islice(_parts(call), _PARTS + 1))
        self.parts = parts[:_PARTS]
        self._whole = len(parts) == len(self.parts)

    def __repr__(self) -> str:
        rows = [_HEADINGS, *(_cells(part) for part in self.parts)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([self._headline(), "", *lines, *self._rest()])

    def _repr_html_(self) -> str:
        head = "".join(f"<th style='text-align:left'>{one}</th>" for one in _HEADINGS)
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align:left'>{_safe(c)}</td>" for c in row) + "</tr>"
            for row in map(_cells, self.parts)
        )
        rest = "".join(f"<p>{_safe(line)}</p>" for line in self._rest())
        return (
            f"<p>{_safe(self._headline())}</p><table><thead><tr>{head}</tr></thead>"
            f"<tbody>{body}</tbody></table>{rest}"
        )

    def _headline(self) -> str:
        if self.problem is not None:
            return f"`{self.name}` cannot be pushed: {self.problem}"
        once = f", {size_text(self.beside)} of it stored once for all tasks" if self.beside else ""
        return f"`{self.name}` can be pushed: {size_text(self.size)} in all{once}"

    def _rest(self) -> list[str]:
        return [] if self._whole else [f"only the first {_PARTS} are listed"]


def _cells(part: Part) -> tuple[str, ...]:
    return (part.name, part.type, size_text(part.size), part.origin, part.travels)


def _safe(text: str) -> str:
    from html import escape  # where a table is shown, and `import gator_nb` shall be quick

    return escape("".join(c if c.isprintable() else " " for c in text))


def size_text(size: int | None) -> str:
    """A number of bytes for people: "1.2 MB"; a dash for None.

    >>> size_text(1_234_567)
    '1.2 MB'
    """
    if size is None:
        return "–"
    if size < 1000:
        return f"{size} B"
    shown, units = size / 1000, ["KB", "MB", "GB", "TB"]
    while shown >= 999.95 and len(units) > 1:
        shown /= 1000
        units.pop(0)
    return f"{shown:.1f} {units[0]}"


class _Found(NamedTuple):
    name: str
    value: Any
    origin: str


def _parts(call: Call) -> Iterator[Part]:
    """The function, what it captures and what it is given; what captured functions capture too."""
    waiting = deque([_Found(name_of(call.func), call.func, "the function"), *_given(call)])
    seen: set[int] = set()
    named: dict[str, None] = {}
    while waiting:
        found = waiting.popleft()
        func = function_in(found.value)
        module = found.value if isinstance(found.value, (ModuleType, Piece)) else None
        name = getattr(module, "__name__", None) or getattr(module, "name", None)
        if name is not None and name in named:
            continue
        if name is not None:
            named[name] = None
        yield _part(found)
        if func is not None and id(func) not in seen and not by_reference(func):
            seen.add(id(func))
            waiting += _captured(func)


def _given(call: Call) -> Iterator[_Found]:
    for name, value in zip(parameters(call), call.args, strict=False):
        yield _Found(name, value, "argument")
    for name, value in call.kwargs.items():
        yield _Found(name, value, "argument")
    for hook in ("on_start", "on_success", "on_error"):
        value = getattr(call, hook)
        if value is not None:
            yield _Found(hook, value, "hook")


def _captured(func: FunctionType) -> Iterator[_Found]:
    owner = name_of(func)
    for name, value in captured_cells(func):
        if value is not func:
            yield _Found(name, value, f"closure of `{owner}`")
    home = module_with(func.__globals__)
    if home is not None:
        yield _Found(home.__name__, home, f"module of `{owner}`")
    else:
        place = "notebook" if func.__globals__.get("__name__") == "__main__" else "globals"
        for name, value in captured_globals(func):
            if value is not func:
                yield _Found(name, value, f"{place}, read by `{owner}`")
        for piece in pieces_of_all(imports_in_code(func.__code__)):
            yield _Found(piece.name, piece, f"imported in `{owner}`")
    for name, value in _defaults(func):
        yield _Found(name, value, f"default of `{owner}`")


def _defaults(func: FunctionType) -> Iterator[tuple[str, Any]]:
    count = func.__code__.co_argcount
    defaults = func.__defaults__ or ()
    yield from zip(func.__code__.co_varnames[count - len(defaults) : count], defaults, strict=True)
    yield from (func.__kwdefaults__ or {}).items()


def _part(found: _Found) -> Part:
    value = found.value
    if isinstance(value, Piece):
        return Part(found.name, "module", len(value.data), found.origin, "as source")
    kind = "class" if isinstance(value, type) else kind_of(value)
    weight = weight_of(value)
    if weight is None:
        mend = mend_of(value) or culprit_in(value, f"`{found.name}`")
        return Part(found.name, kind, None, found.origin, f"not: {mend or 'cannot be pickled'}")
    return Part(found.name, kind, weight.size, found.origin, _way(value, weight))


def _way(value: Any, weight: Weight) -> str:
    module = _module_of(value)
    if module is None:
        return "by value, stored once" if weight.beside else "by value"
    pieces = pieces_with(module)
    if pieces:
        many = f" of {len(pieces)} modules" if len(pieces) > 1 else ""
        return f"as source{many}; the module's state stays here"
    if is_compiled(module.__name__):
        return "by name; it has no source to send, and the worker needs it too"
    dist = editable(module.__name__)
    if dist is not None:
        return f"by name; {dist} is installed for editing, and the worker needs it too"
    return f"by name, {module.__name__.partition('.')[0]}"


def _module_of(value: Any) -> ModuleType | None:
    """The module that a value goes by; None for what travels by value."""
    if isinstance(value, ModuleType):
        return value
    if isinstance(value, (type, FunctionType)) and value.__module__ != "__main__":
        return defining_module(value) if by_reference(value) else None
    return None
