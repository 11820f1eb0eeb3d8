"""A folder of the user's own modules."""

import linecache

import pytest

from gator_nb.payload import arriving

from .cells import Project


@pytest.fixture
def project(tmp_path, monkeypatch):
    folder = tmp_path / "project"
    folder.mkdir()
    made = Project(folder, monkeypatch)
    yield made
    made.forget()
    arriving._modules.clear()
    linecache.clearcache()


LAB = """
    import threading
    from .base import Model
    lock = threading.Lock()
    seen = []
"""
BASE = """
    from dataclasses import dataclass
    @dataclass
    class Model:
        depth: int = 1
        def fit(self):
            from . import lazily
            return lazily.twice(self.depth)
"""


@pytest.fixture
def lab(project):
    project.write("lab/__init__.py", LAB)
    project.write("lab/base.py", BASE)
    project.write("lab/lazily.py", "def twice(x): return 2 * x")
    return project
