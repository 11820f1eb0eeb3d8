"""tqdm's bars inside of a task become its progress, without a change to the user's code.

tqdm is not imported for this: when the user's code imports it, its bars are taught to tell the
task that they run in. Outside of a task they are what they were.
"""

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from .running import current_try

_MODULES = ("tqdm.std", "tqdm.notebook")
_CLASSES = ("tqdm", "tqdm_notebook")


def teach_bars() -> None:
    """Teach tqdm's bars, now or when it is imported. May be repeated."""
    for name in _MODULES:
        module = sys.modules.get(name)
        if module is not None:
            _teach(module)
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Lets others find tqdm's modules, and has them taught once they are loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in _MODULES:
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

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        _teach(module)


def _teach(module: ModuleType) -> None:
    for name in _CLASSES:
        kind = vars(module).get(name)
        if kind is not None and not getattr(kind, "tells_gator_nb", False):
            _teach_class(kind)


def _teach_class(kind: Any) -> None:
    made, shown = kind.__init__, kind.display

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        one = current_try()
        if one is not None:
            kwargs["leave"] = False  # what it says goes to the progress, not to the log
            if kwargs.get("disable", False) is None:
                kwargs["disable"] = False  # no terminal, and yet somebody looks
        made(self, *args, **kwargs)
        if one is not None and (one.bar is None or one.bar.disable):
            one.bar = self

    def display(self: Any, *args: Any, **kwargs: Any) -> Any:
        one = current_try()
        if one is None:
            return shown(self, *args, **kwargs)
        if one.bar is None or one.bar is self:  # of nested bars the outermost
            one.tell(self.n, self.total, self.desc.rstrip(": ") or None, {})
        return False

    kind.__init__, kind.display, kind.tells_gator_nb = __init__, display, True
