"""Functions such as `random.gauss`, which are methods of the one generator of their module.

`from random import gauss` means the generator of the process where it runs, as `random.gauss`
does; by value it would be a copy of the state that it had here.
"""

import sys
from types import ModuleType
from typing import Any


def home_of(method: Any) -> ModuleType | None:
    """The module whose generator a method is bound to, when it has it by that name."""
    owner = method.__self__
    for module, generator in _generators():
        if owner is generator and getattr(module, method.__name__, None) == method:
            return module
    return None


def _generators() -> list[tuple[ModuleType, Any]]:
    found = []
    for name, path in (("random", "_inst"), ("numpy.random", "mtrand._rand")):
        module = sys.modules.get(name)
        generator: Any = module
        for part in path.split("."):
            generator = getattr(generator, part, None)
        if module is not None and generator is not None:
            found.append((module, generator))
    return found
