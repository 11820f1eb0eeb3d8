"""The store under test, empty, with two workers registered."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb.backends.base import Backend

from .specimens import worker
from .stores import PARAMETERS, Clock, close_clean, open_store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=PARAMETERS)
def backend(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[Backend]:
    opened = open_store(request.param, tmp_path, clock)
    opened.register(worker("w1"))
    opened.register(worker("w2"))
    yield opened
    close_clean(opened)
