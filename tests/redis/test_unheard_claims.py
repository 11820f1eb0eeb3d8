"""A claim that the store has taken and the worker has not heard of."""

import pytest

from gator_nb import RUNNING, Gator, Worker
from gator_nb.backends.redis.scripts import script

from ..waiting import until
from .proxy import proxy_to
from .servers import RunningServer

pytestmark = pytest.mark.slow


def test_what_a_worker_was_given_in_a_reply_that_never_came_is_run_all_the_same(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It had given up on the store by then; and as it lives, nobody else takes its claims."""
    monkeypatch.setattr("gator_nb.backends.redis.server.PATIENCE", 0.3)
    address = server.dsn()
    with Gator(address) as gator, proxy_to(server.port) as proxy:
        task = gator.task(abs, -3)
        assert gator.backend.claim("nobody", None, [], 0) == []  # the server has the script
        by_proxy = address.replace(f":{server.port}/", f":{proxy.port}/")
        proxy.cut_with_reply_to = script("claim").sha
        with Gator(by_proxy) as cut_off, Worker(cut_off, threads=1):
            until(lambda: gator.backend.get([task.task_id])[0].status == RUNNING)
            until(lambda: "the store fails, trying again" in caplog.text)
            proxy.is_cut = False
            assert task.get(timeout=30) == 3
            assert (task.attempts, gator.backend.get([task.task_id])[0].losses) == (1, 0)
