"""Which modules are the user's own, and not installed: those travel as source.

A module file is the user's when it lies outside of site-packages, of the standard library and of
the interpreter's prefix. What is installed for editing has a name that a worker can install too,
and goes by it.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.machinery import ModuleSpec, NamespaceLoader, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_OWN = __name__.partition(".")[0]
_INSTALLED = re.compile(r"[/\\](site|dist)-packages[/\\]")

_answers: dict[str, tuple[ModuleSpec | None, bool]] = {}
"""By name: the spec that was looked at, and whether it is local."""
_paths: tuple[list[str], list[str]] | None = None
"""`sys.path` as it was, and the user's folders in it."""


def is_local(name: str) -> bool:
    """Whether this module, loaded or not, is a file of the user's own."""
    module = sys.modules.get(name)
    known = _answers.get(name)
    if module is not None and known is not None and known[0] is getattr(module, "__spec__", None):
        return known[1]
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top in (_OWN, "__main__", "__mp_main__"):
        return False
    spec = spec_of(name)
    answer = spec is not None and _is_local(top, spec)
    if module is not None:
        _answers[name] = spec, answer
    return answer


def spec_of(name: str) -> ModuleSpec | None:
    """How this module was found, or would be; nothing is imported for it."""
    module = sys.modules.get(name)
    if module is not None:
        return getattr(module, "__spec__", None)
    parent, _, _ = name.rpartition(".")
    path = None
    if parent:
        above = spec_of(parent)
        if above is None or above.submodule_search_locations is None:
            return None
        path = list(above.submodule_search_locations)
    try:
        return PathFinder.find_spec(name, path)
    except KeyError:  # a folder without __init__.py, whose package is not loaded
        return _folder_spec(name, path or ())
    except (ImportError, ValueError, OSError):  # a finder of somebody else's may raise
        return None


def _folder_spec(name: str, path: Iterable[str]) -> ModuleSpec | None:
    """Of a package that is nothing but a folder, in one of these."""
    inside = [os.path.join(one, name.rpartition(".")[2]) for one in path]  # noqa: PTH118 -- texts
    places = [one for one in inside if os.path.isdir(one)]  # noqa: PTH112
    if not places:
        return None
    spec = ModuleSpec(name, None, is_package=True)
    spec.submodule_search_locations = places
    return spec


def module_with(space: dict[str, Any]) -> ModuleType | None:
    """The module whose globals these are, when it can be found by its name."""
    name = space.get("__name__")
    if not isinstance(name, str) or name == "__main__":
        return None
    module = sys.modules.get(name)
    if getattr(module, "__dict__", None) is space:
        return module
    return travelled(space.get("__spec__"))


def travelled(spec: Any) -> ModuleType | None:
    """The module of this spec, when its source came here with a call."""
    return getattr(getattr(spec, "loader", None), "travelled", None)


def user_paths() -> list[str]:
    """The entries of `sys.path` that are the user's own folders."""
    global _paths
    if _paths is None or _paths[0] != sys.path:
        own = [os.path.abspath(path) for path in sys.path if not path.endswith(".zip")]  # noqa: PTH100
        inside = [path for path in dict.fromkeys(own) if not _is_installed(path + os.sep)]
        _paths = list(sys.path), inside
    return _paths[1]


def is_compiled(name: str) -> bool:
    """Whether this module is the user's own and has no source that could travel."""
    spec = spec_of(name)
    if spec is None or not spec.origin or not spec.has_location or is_local(name):
        return False
    file = os.path.realpath(spec.origin)
    return not file.endswith(".py") and not _is_installed(file)


def editable(name: str) -> str | None:
    """The distribution, installed for editing, that this module belongs to."""
    top = name.partition(".")[0]
    names, folders = _editables()
    if top in names:
        return names[top]
    spec = spec_of(top)
    file = _file_of(spec) if spec is not None else None
    if file is None:
        return None
    return next((dist for folder, dist in folders.items() if file.startswith(folder)), None)


def _is_local(top: str, spec: ModuleSpec) -> bool:
    if travelled(spec) is not None:
        return True
    file = _file_of(spec)
    if file is None or _is_installed(file):
        return False
    return editable(top) is None


def _is_installed(file: str) -> bool:
    return bool(_INSTALLED.search(file)) or file.startswith(_prefixes())


def _file_of(spec: ModuleSpec) -> str | None:
    """The source of a module, or the folder of a package that is nothing but a folder."""
    if spec.origin and spec.has_location:
        return os.path.realpath(spec.origin) if spec.origin.endswith(".py") else None
    places = spec.submodule_search_locations
    if places is not None and (spec.loader is None or isinstance(spec.loader, NamespaceLoader)):
        return next((os.path.realpath(place) + os.sep for place in places), None)
    return None


@cache
def _prefixes() -> tuple[str, ...]:
    import sysconfig  # a millisecond that `import gator_nb` does without

    paths = sysconfig.get_paths()
    folders = [sys.prefix, sys.base_prefix, sys.exec_prefix]
    folders += [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    resolved = {os.path.realpath(folder) for folder in folders}
    return tuple(folder + os.sep for folder in resolved if folder != os.sep)


@cache
def _editables() -> tuple[dict[str, str], dict[str, str]]:
    """Modules by name, and folders, of distributions that are installed for editing."""
    names: dict[str, str] = {}
    folders: dict[str, str] = {}
    for site in {Path(path) for path in sys.path if _INSTALLED.search(path + os.sep)}:
        for file in site.glob("*.dist-info/direct_url.json"):
            root = _edited_at(file)
            if root is None:
                continue
            dist = file.parent.name.partition("-")[0]
            names.update(dict.fromkeys((dist, *_top_levels(file.parent)), dist))
            for folder in _added_folders(site, root):
                folders[folder] = dist
    return names, folders


def _edited_at(file: Path) -> str | None:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not told.get("dir_info", {}).get("editable"):
        return None
    from urllib.parse import unquote, urlsplit  # as in `_prefixes`

    return os.path.realpath(unquote(urlsplit(told.get("url", "")).path))


def _top_levels(dist_info: Path) -> list[str]:
    try:
        return (dist_info / "top_level.txt").read_text(encoding="utf-8").split()
    except OSError:
        return []


def _added_folders(site: Path, root: str) -> Iterator[str]:
    """Folders inside a project, such as its `src`, that hold nothing but what is installed."""
    for file in site.glob("*.pth"):
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            folder = os.path.realpath(line.strip()) if line[:1] in "/\\." else ""
            if folder.startswith(root + os.sep):
                yield folder + os.sep
