"""A server that comes back with an older state, as one does that only writes snapshots."""

import time

import pytest

from gator_nb import RUNNING, SUCCESS, Gator, Worker

from ..waiting import until
from .servers import running

pytestmark = pytest.mark.slow


def test_what_a_worker_has_settled_and_the_server_forgot_runs_again() -> None:
    """By the store's word it still runs on a worker that lives; that one gives it back."""
    with running("--save", "") as server, Gator(server.dsn()) as gator:
        with Worker(gator, threads=1):
            task = gator.task(lambda: time.sleep(1.0) or "done")
            until(lambda: gator.backend.get([task.task_id])[0].status == RUNNING)
            with server.client() as client:
                client.save()
            assert task.get(timeout=30) == "done"
            server.kill()
            server.start()
            until(lambda: gator.backend.get([task.task_id])[0].status == RUNNING)
            until(lambda: gator.backend.get([task.task_id])[0].status == SUCCESS, 30)
        assert gator.verify() == []
