"""Modules that came as source, where they arrive.

A module that is here with the same source is used as it is. Otherwise the source is executed,
once for each content: two versions of one module live side by side, and the code in each imports
what travelled with it.
"""

import builtins
import importlib
import linecache
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, resolve_name
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from .local_modules import is_local, spec_of, travelled
from .module_sources import Piece, pieces_of, version_of

if TYPE_CHECKING:
    from importlib.abc import Loader

_lock = threading.RLock()
_modules: dict[tuple[str, str], ModuleType] = {}


def arrive(name: str, pieces: tuple[Piece, ...]) -> ModuleType:
    """The module of that name among these pieces.

    Raises:
        Exception: whatever executing it raises.
    """
    with _lock:
        return _load(name, {piece.name: piece for piece in pieces}, pieces)


def attribute(module: ModuleType, path: str) -> Any:
    """What a module defines by that path: "Model.fit"."""
    found: Any = module
    for part in path.split("."):
        found = getattr(found, part)
    return found


def versions_here(name: str) -> list[ModuleType]:
    """The modules of that name that were made here from source that came."""
    return [module for (one, _), module in _modules.items() if one == name]


def pieces_with(module: ModuleType) -> tuple[Piece, ...]:
    """What a module travels as; nothing for what goes by its name."""
    came = travelled(module.__spec__)
    if came is not None:
        pieces: tuple[Piece, ...] = came.__spec__.loader.pieces  # type: ignore[union-attr]
        return pieces
    return pieces_of(module.__name__) if is_local(module.__name__) else ()


def builtins_importing(pieces: tuple[Piece, ...]) -> dict[str, Any]:
    """What `__builtins__` is to be for code that these modules came with."""
    return {**vars(builtins), "__import__": _Importer(pieces)}


class _Importer:
    """`__import__` for code that came with modules of its own."""

    def __init__(self, pieces: tuple[Piece, ...]) -> None:
        self.pieces = pieces
        self.links = {piece.name: piece for piece in pieces}

    def __call__(
        self,
        name: str,
        space: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        package = (space or {}).get("__package__") or ""
        full = resolve_name("." * level + name, package) if level else name
        top = full.partition(".")[0]
        if top not in self.links:
            return builtins.__import__(name, space, local, fromlist or (), level)
        with _lock:
            if full not in self.links:
                raise ModuleNotFoundError(
                    f"No module named {full!r}: it did not travel with the call", name=full
                )
            module = _load(full, self.links, self.pieces)
            return self._with(module, fromlist) if fromlist else self._load(top, full)

    def _load(self, top: str, full: str) -> ModuleType:
        """What `import a.b` binds: a, and in it the b that came with this code."""
        module = whole = _load(top, self.links, self.pieces)
        for part in full.split(".")[1:]:
            inner = _load(f"{module.__name__}.{part}", self.links, self.pieces)
            if getattr(module, part, None) is not inner:
                return self._view(full)
            module = inner
        return whole

    def _view(self, full: str) -> ModuleType:
        name, _, part = full.rpartition(".")
        inner = _load(full, self.links, self.pieces)
        while name:
            inner = _with_own(_load(name, self.links, self.pieces), {part: inner})
            name, _, part = name.rpartition(".")
        return inner

    def _with(self, module: ModuleType, names: Iterable[str]) -> ModuleType:
        own = {}
        for name in getattr(module, "__all__", ()) if "*" in names else names:
            inner = f"{module.__name__}.{name}"
            if inner in self.links:
                found = _load(inner, self.links, self.pieces)
                if getattr(module, name, None) is not found:
                    own[name] = found
        return _with_own(module, own) if own else module


def _with_own(module: ModuleType, own: dict[str, ModuleType]) -> ModuleType:
    """A package as code sees it that came with other modules of it than are in it: the package
    itself is unchanged, and so its submodules are of more than one version."""
    view = ModuleType(module.__name__)
    view.__dict__.update(module.__dict__)
    view.__dict__.update(own)
    return view


def _load(name: str, links: Mapping[str, Piece], pieces: tuple[Piece, ...]) -> ModuleType:
    piece = links[name]
    known = _modules.get((name, piece.version))
    if known is not None:
        return known
    if version_of(name) == piece.version:
        return importlib.import_module(name)
    above, _, last = name.rpartition(".")
    package = _load(above, links, pieces) if above else None
    known = _modules.get((name, piece.version))  # the package may have imported it
    if known is not None:
        return known
    return _execute(piece, pieces, package, last)


def _execute(
    piece: Piece, pieces: tuple[Piece, ...], package: ModuleType | None, last: str
) -> ModuleType:
    loader = _Loader(piece, pieces)
    spec = ModuleSpec(
        piece.name, cast("Loader", loader), origin=piece.file or None, is_package=piece.package
    )
    spec.has_location = bool(piece.file)
    if piece.package and piece.file:
        spec.submodule_search_locations = [str(Path(piece.file).parent)]
    module = loader.travelled = module_from_spec(spec)
    module.__dict__["__builtins__"] = builtins_importing(pieces)
    key = piece.name, piece.version
    _modules[key] = module
    # Pickle, `import_module` and their like find it, unless it would hide another one.
    named = piece.name not in sys.modules and spec_of(piece.name) is None
    if named:
        sys.modules[piece.name] = module
    if package is not None and not hasattr(package, last):
        setattr(package, last, module)
    try:
        loader.exec_module(module)
    except BaseException:
        del _modules[key]
        if named:
            sys.modules.pop(piece.name, None)
        if package is not None and getattr(package, last, None) is module:
            delattr(package, last)
        raise
    return module


class _Loader:
    """Executes a piece. `travelled` is its module, `pieces` what came with it."""

    travelled: ModuleType

    def __init__(self, piece: Piece, pieces: tuple[Piece, ...]) -> None:
        self.piece = piece
        self.pieces = pieces

    def create_module(self, _spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        file = self.file
        source = self.piece.source
        text = source.decode("utf-8", "replace")
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 -- signed

    @property
    def file(self) -> str:
        """What tracebacks call it; not the file itself where that is another one by now."""
        name = self.piece.file or f"<{self.piece.name}>"
        return f"{name} (as pushed, {self.piece.version[:8]})" if Path(name).exists() else name

    def get_source(self, _name: str) -> str:
        return self.piece.source.decode("utf-8", "replace")

    def is_package(self, _name: str) -> bool:
        return self.piece.package
