"""What the tests of many tasks share: a queue on each kind of store, with and without a worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import Gator

from ..redis.servers import shared_server


@pytest.fixture(params=["memory", "sqlite", "redis"])
def conn(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new store, of each kind."""
    if request.param == "redis":
        return shared_server().dsn()
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/tasks.sqlite"


@pytest.fixture
def gator(conn: str) -> Iterator[Gator]:
    """A queue whose tasks run only when a test runs them."""
    with Gator(conn) as opened:
        yield opened


@pytest.fixture
def busy(gator: Gator) -> Gator:
    """The same with a worker in the background."""
    gator.start_worker(threads=2)
    return gator
