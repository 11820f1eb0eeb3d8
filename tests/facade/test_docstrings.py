"""Every public name explains itself, and its example runs and leaves nothing behind."""

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest

import gator_nb

# Served as scripts, or run as soon as they are imported.
SCRIPTS = {"gator_nb.__main__", "gator_nb.dashboard.app"}

# What rooms of this package ask of each other, and no user.
WITHIN = {
    "Gator.at_work", "Gator.pop_from", "Gator.push_many", "Options.many", "Ref.reference",
    "Task.attach", "Task.definition", "Task.fail", "Task.from_snapshot", "Task.handle",
    "Task.local", "Task.pushed", "Task.reference", "Task.returned", "Task.stored",
    "Task.travelled", "Worker.cut_short", "Worker.exit_code", "Worker.idle_for",
    "Worker.executor_gone",
}  # fmt: skip


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


def test_every_public_name_shows_an_example() -> None:
    """What somebody can call, read or catch; the examples are among those that run above."""
    without = {name for name, found in public() if ">>>" not in (inspect.getdoc(found) or "")}
    assert without - WITHIN == set()
    assert WITHIN - without == set(), "has an example, or is gone"


def test_what_rooms_ask_of_each_other_is_explained() -> None:
    """What is no user's has a docstring at least."""
    found = dict(public())
    assert [name for name in WITHIN if not inspect.getdoc(found[name])] == []


def public() -> Iterator[tuple[str, object]]:
    """Functions, classes and modules, and what belongs to them."""
    for name in gator_nb.__all__:
        found = getattr(gator_nb, name)
        if inspect.ismodule(found) or inspect.isroutine(found) or inspect.isclass(found):
            yield name, found
        if inspect.ismodule(found):
            yield from ((f"{name}.{one}", getattr(found, one)) for one in found.__all__)
        if inspect.isclass(found):
            yield from ((f"{name}.{one}", member) for one, member in members(found).items())


def members(kind: type) -> dict[str, object]:
    """Methods and properties, those of its parents in this package too."""
    found: dict[str, object] = {}
    for parent in reversed(kind.__mro__):
        if parent.__module__.startswith("gator_nb"):
            for name, member in vars(parent).items():
                plain = getattr(member, "__func__", member)
                if not name.startswith("_") and (
                    inspect.isroutine(plain) or isinstance(plain, property)
                ):
                    found[name] = plain
    return found
