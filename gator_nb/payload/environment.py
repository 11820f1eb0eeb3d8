"""What a call was pushed with: versions of the packages that it names, its folder, its path.

Recorded at push and compared where it runs, never in the way: a difference is told.
"""

import os
import pickle
import re
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from .imports import imports_in_code
from .local_modules import is_local, user_paths
from .module_sources import packages_of

Environment = dict[str, Any]
"""`packages`: versions by the name that is imported; `folder`; `path`: the user's own entries."""

_DISTRIBUTIONS = {
    "PIL": "pillow",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python",
    "dateutil": "python-dateutil",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
"""Names that are imported and not those of what is installed."""
_BY_NAME = re.compile(r"Can't (pickle <function|(pickle|get) local object)")
"""What pickle says of a function that no module has."""
_MOST = 50
"""Packages that are recorded."""

_importing = threading.RLock()

_versions: dict[str, tuple[bool, str | None]] = {}
"""By name: whether it was loaded when its version was looked for, and that."""


class Difference(NamedTuple):
    """One package that is not the same where a task runs."""

    package: str
    pushed: str
    here: str | None
    """None: it is not installed."""

    @property
    def major(self) -> bool:
        """Things may well differ: the first number is another, or the second behind a zero."""
        return self.here is None or _leading(self.pushed) != _leading(self.here)

    def __str__(self) -> str:
        here = f"{self.here} is here" if self.here else "not installed here"
        return f"{self.package}: {here}, and the task was pushed with {self.pushed}"


def environment_of(modules: Iterable[str], codes: Iterable[Any]) -> Environment:
    """What is to be recorded for a call that names these modules and sends these functions."""
    names = {name.partition(".")[0] for name in modules if not is_local(name)}
    for name in modules:
        if is_local(name):
            names.update(packages_of(name))
    for code in codes:
        names.update(name.partition(".")[0] for name in imports_in_code(code))
    found = {name: version for name in sorted(names) if (version := version_here(name))}
    environment: Environment = {"folder": _folder()}
    if found:
        environment["packages"] = dict(list(found.items())[:_MOST])
    paths = [path for path in user_paths() if path != environment["folder"]]
    if paths:
        environment["path"] = paths
    return environment


def import_packages(environment: Mapping[str, Any] | None) -> None:
    """Import the packages that a call names, one thread after the other. Threads that load several
    parts of one for the first time at once find it half made, as scikit-learn's `base`; Python
    guards against their waiting for each other, not against that. What cannot be imported is told
    of when the call needs it.
    """
    packages = (environment or {}).get("packages", {})
    if all(map(_is_loaded, packages)):
        return
    with _importing:
        for name in packages:
            with suppress(Exception):
                import_module(name)


def _is_loaded(name: str) -> bool:
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return spec is not None and not getattr(spec, "_initializing", False)


def differences(environment: Mapping[str, Any] | None) -> list[Difference]:
    """The packages of which another version is here than where the call was pushed."""
    packages = (environment or {}).get("packages", {})
    return [
        Difference(name, pushed, here)
        for name, pushed in packages.items()
        if (here := version_here(name)) != pushed
    ]


def explanation(error: BaseException, environment: Mapping[str, Any] | None) -> str | None:
    """What an error of a task has to do with where it was pushed; None when nothing."""
    told = environment or {}
    folder = told.get("folder")
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _of_module(error.name.partition(".")[0], told)
    if isinstance(error, pickle.PicklingError | AttributeError) and _BY_NAME.match(str(error)):
        return (
            "a process pool sends functions by their name alone, and those of a notebook have none "
            "there: joblib.Parallel, or gator.map in place of the pool, sends them whole"
        )
    if isinstance(error, FileNotFoundError) and isinstance(error.filename, str):
        relative = not os.path.isabs(error.filename)  # noqa: PTH117 -- a name, not a path of ours
        if relative and folder and folder != _folder():
            return (
                f"{error.filename!r} is looked for in {_folder()}, where the task ran; it was "
                f"pushed in {folder}: pass an absolute path"
            )
    return None


def _of_module(name: str, told: Mapping[str, Any]) -> str | None:
    """What helps where a module is missing."""
    version = told.get("packages", {}).get(name)
    if version:
        return f"it was pushed with {name} {version}: install that here"
    places = [place for place in (told.get("folder"), *told.get("path", ())) if place]
    elsewhere = [place for place in places if place not in (_folder(), *sys.path)]
    if not elsewhere:
        return None
    return (
        f"it was pushed with {', '.join(elsewhere)} on its path, which is not on this one's; a "
        "module travels when an import statement in the function names it"
    )


def version_here(name: str) -> str | None:
    """The version of an installed package by the name that is imported; None when there is none,
    for what comes with Python and for what is the user's own."""
    module = sys.modules.get(name)
    known = _versions.get(name)
    if known is not None and known[0] == (module is not None):
        return known[1]
    version = _version(name, module)
    _versions[name] = module is not None, version
    return version


def _version(name: str, module: Any) -> str | None:
    if name in sys.stdlib_module_names or name.startswith("_") or is_local(name):
        return None
    version = getattr(module, "__version__", None)
    if isinstance(version, str):
        return version
    if module is None and not _findable(name):
        return None
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as version_of_distribution

    try:
        return version_of_distribution(_DISTRIBUTIONS.get(name, name))
    except (PackageNotFoundError, ValueError):
        return None


def _findable(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _leading(version: str) -> tuple[str, ...]:
    numbers = version.split(".")
    return tuple(numbers[:2] if numbers[0] == "0" else numbers[:1])


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 -- a text, at every push
    except FileNotFoundError:  # it was removed
        return ""
