"""A SQLite store for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb.backends.sqlite import SQLiteBackend

from .specimens import opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tasks.sqlite"


@pytest.fixture
def backend(path: Path) -> Iterator[SQLiteBackend]:
    with opened(path) as backend:
        yield backend
