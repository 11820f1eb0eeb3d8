"""What the tests of the facade share: a queue on each embedded store, and what is left."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import Gator, Task
from gator_nb.backends.base import Claimed


def claimed_elsewhere(gator: Gator, task: Task) -> Claimed:
    """Let another worker, which does nothing, hold the claim on a task."""
    gator.backend.register(gator.client.presence("elsewhere", "worker", None))
    claimed = gator.backend.claim_task("elsewhere", task.task_id)
    assert isinstance(claimed, Claimed)
    return claimed


@pytest.fixture(params=["memory", "sqlite"])
def conn(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new store, of each embedded kind."""
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/tasks.sqlite"


@pytest.fixture
def gator(conn: str) -> Iterator[Gator]:
    """A queue whose tasks run only when a test runs them."""
    with Gator(conn) as opened:
        yield opened


@pytest.fixture
def other(gator: Gator) -> Iterator[Gator]:
    """Another queue of the same store."""
    opened = Gator(queue_name="other", backend_class=lambda _: gator.backend)
    yield opened
    opened.client.leave()


@pytest.fixture
def busy(gator: Gator) -> Gator:
    """The same with a worker in the background."""
    gator.start_worker(threads=2)
    return gator
