"""Doing something to a module of others once it is imported, without importing it."""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

Teach = Callable[[ModuleType], None]


def when_imported(name: str, teach: Teach) -> None:
    """Call `teach` with the module `name`: now when it is there, else once it is imported.

    The same pair again changes nothing.
    """
    if (name, teach) in _taught:
        return
    _taught.add((name, teach))
    module = sys.modules.get(name)
    if module is not None and getattr(module.__spec__, "_initializing", False) is False:
        teach(module)
        return
    _waiting.setdefault(name, []).append(teach)
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)


_taught: set[tuple[str, Teach]] = set()
_waiting: dict[str, list[Teach]] = {}


class _Finder(MetaPathFinder):
    """Lets the others find the modules that are waited for, and has them taught when loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _waiting:
            return None
        for finder in sys.meta_path:
            if finder is not self and (spec := finder.find_spec(fullname, path, target)):
                if spec.loader is not None:
                    spec.loader = _Loader(spec.loader)
                return spec
        return None


class _Loader(Loader):
    def __init__(self, inner: Loader) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        for teach in _waiting.pop(module.__name__, ()):
            teach(module)


_FINDER = _Finder()
