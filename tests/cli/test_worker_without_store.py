"""`gator-nb worker` whose server goes away."""

import signal
import subprocess
from pathlib import Path

import pytest

from gator_nb import RUNNING, Gator

from ..redis.servers import RunningServer, running
from ..waiting import until
from .conftest import Serving
from .test_worker import begin_and_wait

pytestmark = pytest.mark.slow


@pytest.fixture
def server():
    with running("--appendonly", "yes") as one:
        yield one


def test_a_store_that_is_away_is_no_idleness(server: RunningServer, tmp_path: Path) -> None:
    """The worker stays, and ends once the store has come back and is empty."""
    worker = Serving(server.dsn(), tmp_path, "--idle-exit", "500ms")
    try:
        worker.says("starting")
        server.kill()
        with pytest.raises(subprocess.TimeoutExpired):  # four times the limit
            worker.process.wait(2)
        assert "draining" not in worker.events()
        server.start()
        assert worker.end() == (0, "")
    finally:
        worker.process.kill()


def test_what_the_store_could_not_be_told_is_exit_code_1(
    server: RunningServer, tmp_path: Path
) -> None:
    """The task ended, and nobody knows: at a second signal the worker goes, and says so."""
    dsn = server.dsn()
    worker = Serving(dsn, tmp_path, "--threads", "1")
    try:
        with Gator(dsn) as gator:
            task = gator.task(begin_and_wait, str(tmp_path / "go"))
            until(lambda: task.status == RUNNING, 30)
            server.kill()
            (tmp_path / "go").touch()
            for event in ("draining", "interrupting"):
                worker.process.send_signal(signal.SIGTERM)
                worker.says(event)
            code, err = worker.end()
            assert (code, err) == (1, "")
            stopped = next(line for line in worker.lines if line["event"] == "stopped")
            assert stopped["exit_code"] == 1
            assert "leaves 1 tasks unsettled" in "".join(line["message"] for line in worker.lines)
            server.start()  # so that this process can sign off
    finally:
        worker.process.kill()
