"""What the tests of processes share: a queue whose tasks run in one process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import Gator, Worker
from gator_nb.host.process_tree import marked

pytestmark = pytest.mark.skipif("sys.platform != 'linux'", reason="process trees are Linux's")


@pytest.fixture
def gator(tmp_path: Path) -> Iterator[Gator]:
    """A queue; nothing that its tasks started is there any more at the end."""
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as opened:
        yield opened
        opened.stop_worker()
        assert opened.verify() == []


@pytest.fixture
def worker(gator: Gator) -> Iterator[Worker]:
    """A worker with one process."""
    with Worker(gator, processes=1) as running:
        assert gator.task(int).get() == 0  # its process is up
        yield running
    assert not marked(f"{running.id}:"), "a task's processes are left"


@pytest.fixture
def two(gator: Gator) -> Iterator[Worker]:
    """A worker with two processes."""
    with Worker(gator, processes=2) as running:
        yield running
    assert not marked(f"{running.id}:"), "a task's processes are left"
