"""Every public name explains itself, and its example runs and leaves nothing behind."""

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest

import gator_nb
from gator_nb import Gator, Group, Options, Task, Worker

# Served as scripts, or run as soon as they are imported.
SCRIPTS = {"gator_nb.__main__", "gator_nb.dashboard.app"}


def module_names() -> Iterator[str]:
    yield "gator_nb"
    for found in pkgutil.walk_packages(gator_nb.__path__, "gator_nb."):
        if found.name not in SCRIPTS:
            yield found.name


@pytest.mark.parametrize("name", list(module_names()))
def test_examples_run(name: str) -> None:
    """Those of a module, its classes and functions; no thread is left by them."""
    module: ModuleType = importlib.import_module(name)
    found = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
    assert found.failed == 0


@pytest.mark.parametrize("name", [n for n in gator_nb.__all__ if n not in ("ALL", "EVERY")])
def test_public_names_have_docstrings(name: str) -> None:
    """Texts cannot have one; all else can."""
    assert inspect.getdoc(getattr(gator_nb, name))


@pytest.mark.parametrize("kind", [Gator, Task, Group, Options, Worker], ids=lambda k: k.__name__)
def test_public_methods_have_docstrings(kind: type) -> None:
    """Of their own, not only a parent's; and the class shows an example."""
    assert ">>>" in inspect.getdoc(kind)
    for name, member in vars(kind).items():
        plain = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if not name.startswith("_") and (inspect.isroutine(plain) or isinstance(plain, property)):
            assert inspect.getdoc(plain), f"{kind.__name__}.{name}"
