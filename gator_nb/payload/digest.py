"""Canonical digests of Python values: equal values, equal bytes, in any kernel.

A token is what stands for one value. Atoms are tokens in full; everything else is a digest of the
tokens that it is made of. By-value functions and classes get a label, and what they consist of
is digested once, apart: so functions may call each other in circles. Other circles are cut by
saying how many levels up the value is that comes again.
"""

import copyreg
import functools
import marshal
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from operator import itemgetter
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

from .array_digest import parts_of
from .arriving import pieces_with
from .atoms import ATOMS
from .by_value import by_reference, captured_cells, captured_globals, defining_module
from .code_digest import SIZE, code_digest
from .content_digest import LARGE, digest_of
from .imports import imports_in_code
from .local_modules import module_with
from .module_sources import code_version, pieces_of_all
from .shared_random import home_of

_MARK = b"\xff"
"""Begins every token that is not an atom; marshal begins none with it."""
_CUT, _FUNCTION, _CLASS = b"\xfe", b"\xfd", b"\xfc"
_NEVER = 1 << 60
_REVISITS = 5_000
"""Visits of values that hang together in circles: past it a digest could take for ever."""
_CLASS_NOISE = frozenset(
    {
        "__dict__", "__weakref__", "__module__", "__firstlineno__", "__static_attributes__",
        "_abc_impl", "__annotate_func__", "__annotations_cache__",
    }
)  # fmt: skip


class Undigestible(Exception):
    """A value has no canonical digest; the text names its type."""


def _atom(value: Any) -> bytes:
    # Version 2 of marshal knows no references, so its bytes follow from the value alone.
    return marshal.dumps(value, 2)


def _large(value: bytes | str) -> bytes:
    if isinstance(value, bytes):
        return _node(b"B", (digest_of(value),))
    return _node(b"T", (digest_of(value.encode("utf-8", "surrogatepass")),))


def _node(tag: bytes, parts: Iterable[bytes]) -> bytes:
    return _MARK + blake2b(tag + b"".join(parts), digest_size=SIZE).digest()


class Digester:
    """Makes the tokens of values that belong together, and at the end one digest of them all."""

    def __init__(self) -> None:
        # The values stay alive beside their tokens, or another could take over their id.
        self._memo: dict[int, tuple[bytes, Any]] = {}
        self._labels: dict[int, tuple[bytes, Any]] = {}
        self._alike: dict[bytes, int] = {}
        self._open: list[tuple[bytes, Any]] = []
        self._path: dict[int, int] = {}
        self._reach = _NEVER
        self._entangled: set[int] = set()
        self._revisits = 0

    def digest(self, tokens: Iterable[bytes]) -> bytes:
        """One digest of these tokens and of all functions and classes that they led to."""
        parts = list(tokens)
        contents = []
        while self._open:
            label, definition = self._open.pop()
            contents.append(label + self._content(definition))
        return _node(b"=", (*parts, *sorted(contents)))[1:]

    def token(self, value: Any) -> bytes:
        """The token of a value.

        Raises:
            Undigestible, RecursionError
        """
        kind = type(value)
        if kind in ATOMS:
            large = (kind is bytes or kind is str) and len(value) >= LARGE
            return _large(value) if large else _atom(value)
        if kind is FunctionType or isinstance(value, type):
            return self._definition(value)
        if kind is ModuleType:
            return _module(value)
        if (kind is tuple or kind is list) and ATOMS.issuperset(map(type, value)):
            return _node(b"l" if kind is list else b"t", (_atom(value),))
        known = self._memo.get(id(value))
        if known is not None:
            return known[0]
        level = self._path.get(id(value))
        if level is not None:
            self._reach = min(self._reach, level)
            return _CUT + (len(self._path) - level).to_bytes(4, "big")
        return self._visit(value, _BY_TYPE.get(kind, Digester._other))

    def _visit(self, value: Any, handle: "Callable[[Digester, Any], bytes]") -> bytes:
        key, depth, outer = id(value), len(self._path), self._reach
        self._path[key] = depth
        self._reach = _NEVER
        try:
            token = handle(self, value)
        finally:
            del self._path[key]
        if self._reach >= depth:
            # Nothing in it points above it: the token holds wherever the value comes again.
            self._memo[key] = token, value
            self._reach = outer
            return token
        self._revisits += key in self._entangled
        self._entangled.add(key)
        if self._revisits > _REVISITS:
            raise Undigestible(f"a web of {_name(type(value))} that point at each other")
        self._reach = min(outer, self._reach)
        return token

    def leave_out_code(self, definitions: Iterable[Any]) -> None:
        """Digest what these functions capture and not their code, which is told apart from it."""
        for number, definition in enumerate(definitions):
            if type(definition) is FunctionType and not by_reference(definition):
                label = _FUNCTION + bytes(SIZE) + number.to_bytes(4, "big")
                self._labels[id(definition)] = label, definition
                self._open.append((label, definition))

    # -- functions and classes -------------------------------------------------------------

    def _definition(self, definition: Any) -> bytes:
        if by_reference(definition):
            return _reference(definition)
        known = self._labels.get(id(definition))
        if known is not None:
            return known[0]
        if type(definition) is FunctionType:
            alike = _FUNCTION + code_digest(definition.__code__)
        else:
            alike = _CLASS + _node(b"q", (_atom(definition.__qualname__),))
        ordinal = self._alike.get(alike, 0)
        self._alike[alike] = ordinal + 1
        label = alike + ordinal.to_bytes(4, "big")
        self._labels[id(definition)] = label, definition
        self._open.append((label, definition))
        return label

    def _content(self, definition: Any) -> bytes:
        if isinstance(definition, type):
            return self._class_content(definition)
        token = self.token
        cells = captured_cells(definition)
        home = module_with(definition.__globals__)
        read = captured_globals(definition) if home is None else []
        pieces = pieces_of_all(imports_in_code(definition.__code__)) if home is None else ()
        parts = [_atom(len(cells)), _module(home) if home is not None else b""]
        if pieces:
            parts.append(code_version(pieces))
        for name, value in (*cells, *read):
            parts += (_atom(name), token(value))
        for extra in (definition.__defaults__, definition.__kwdefaults__, definition.__dict__):
            parts.append(token(extra) if extra else b"N")
        return _node(b"F", parts)

    def _class_content(self, cls: type) -> bytes:
        parts = [self.token(type(cls)), self.token(cls.__bases__)]
        for name, value in sorted(vars(cls).items()):
            slot = isinstance(value, (MemberDescriptorType, GetSetDescriptorType))
            if name not in _CLASS_NOISE and not slot:
                parts += (_atom(name), self.token(value))
        return _node(b"C", parts)

    # -- values ----------------------------------------------------------------------------

    def _sequence(self, values: Sequence[Any]) -> bytes:
        return _node(b"l" if type(values) is list else b"t", map(self.token, values))

    def _set(self, values: Iterable[Any]) -> bytes:
        tag = b"s" if type(values) is set else b"z"
        return _node(tag, sorted(map(self.token, values)))

    def _dict(self, values: dict[Any, Any]) -> bytes:
        token = self.token
        parts: list[bytes] = []
        for key_token, key in sorted([(token(key), key) for key in values], key=itemgetter(0)):
            parts += (key_token, token(values[key]))
        return _node(b"d", parts)

    def _made_of(self, tag: bytes, *parts: Any) -> bytes:
        return _node(tag, map(self.token, parts))

    def _other(self, value: Any) -> bytes:
        kind = type(value)
        parts = parts_of(value)
        if parts is not None:
            return _node(b"a", (self.token(kind), *map(self.token, parts)))
        if isinstance(value, functools._lru_cache_wrapper) and not by_reference(value):  # noqa: SLF001
            return self._made_of(b"w", value.__wrapped__, value.cache_parameters())
        return self._reduced(value)

    def _reduced(self, value: Any) -> bytes:
        """By what pickle would make of it, in an order of its own."""
        kind = type(value)
        reducer: Callable[[Any], Any] | None = copyreg.dispatch_table.get(kind)
        try:
            reduced = value.__reduce_ex__(4) if reducer is None else reducer(value)
        except Exception as error:
            raise Undigestible(f"{_name(kind)}: {error}") from error
        if isinstance(reduced, str):
            module = getattr(value, "__module__", None)
            return _node(b"g", (self.token(kind), _atom(module), _atom(reduced)))
        make, args, state, items, pairs = (*reduced, None, None, None)[:5]
        parts = [self.token(make), self.token(args), self.token(state)]
        parts.append(self.token(None if items is None else list(items)))
        ordered = isinstance(value, OrderedDict)
        found = None if pairs is None else list(pairs) if ordered else dict(pairs)
        parts.append(self.token(found))
        return _node(b"o", parts)

    def _builtin(self, value: Any) -> bytes:
        owner = value.__self__
        if owner is None or isinstance(owner, ModuleType):
            return _reference(value)
        home = home_of(value)
        return self._made_of(b"b", owner if home is None else home, value.__name__)

    def _method(self, value: MethodType) -> bytes:
        home = home_of(value)
        if home is not None:
            return self._made_of(b"b", home, value.__name__)
        return self._made_of(b"h", value.__func__, value.__self__)


def _reference(definition: Any) -> bytes:
    names = _atom(definition.__module__), _atom(definition.__qualname__)
    return _node(b"r", (*names, source_of(definition)))


def source_of(definition: Any) -> bytes:
    """What tells two versions of a definition apart whose module travels as source; empty for
    what goes by its name."""
    if isinstance(definition, BuiltinFunctionType) or not hasattr(definition, "__module__"):
        return b""
    home = defining_module(definition)
    return b"" if home is None else _version(home)


def _module(module: ModuleType) -> bytes:
    return _node(b"m", (_atom(module.__name__), _version(module)))


def _version(module: ModuleType) -> bytes:
    pieces = pieces_with(module)
    return code_version(pieces) if pieces else b""


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _cell(digester: Digester, value: CellType) -> bytes:
    try:
        return digester._made_of(b"x", value.cell_contents)  # noqa: SLF001
    except ValueError:
        return _node(b"x", ())


def _parts(tag: bytes, take: Callable[[Any], tuple[Any, ...]]) -> Callable[[Digester, Any], bytes]:
    return lambda digester, value: digester._made_of(tag, *take(value))  # noqa: SLF001


_BY_TYPE: dict[type, Callable[[Digester, Any], bytes]] = {
    list: Digester._sequence,  # noqa: SLF001
    tuple: Digester._sequence,  # noqa: SLF001
    set: Digester._set,  # noqa: SLF001
    frozenset: Digester._set,  # noqa: SLF001
    dict: Digester._dict,  # noqa: SLF001
    BuiltinFunctionType: Digester._builtin,  # noqa: SLF001
    CellType: _cell,
    CodeType: lambda _, value: _node(b"k", (code_digest(value),)),
    MappingProxyType: _parts(b"y", lambda value: (dict(value),)),
    MethodType: Digester._method,  # noqa: SLF001
    bytearray: _parts(b"e", lambda value: (bytes(value),)),
    memoryview: _parts(b"v", lambda value: (value.format, value.shape, value.tobytes())),
    property: _parts(b"p", lambda value: (value.fget, value.fset, value.fdel, value.__doc__)),
    staticmethod: _parts(b"i", lambda value: (value.__func__,)),
    classmethod: _parts(b"j", lambda value: (value.__func__,)),
    functools.cached_property: _parts(b"q", lambda value: (value.func, value.attrname)),
}
