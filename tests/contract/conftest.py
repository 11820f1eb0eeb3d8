"""The store under test, empty, with two workers registered."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb.backends.base import Backend
from gator_nb.backends.sqlite import settling_many

from .specimens import worker
from .stores import PARAMETERS, Clock, close_clean, open_store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=PARAMETERS)
def backend(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Backend]:
    if request.param == "sqlite-many":
        monkeypatch.setattr(settling_many, "FEW", 1)
    opened = open_store(request.param, tmp_path, clock)
    opened.register(worker("w1"))
    opened.register(worker("w2"))
    yield opened
    close_clean(opened)
