"""Finished tasks go after thirty days; a worker sees to it."""

import re
import time
from pathlib import Path

import pytest

from gator_nb import Gator
from gator_nb.constants import DAY, RETENTION
from gator_nb.errors import TaskNotFound

from ..waiting import until

LONG_AGO = RETENTION + DAY


def ran_long_ago(conn: str) -> dict[str, str]:
    """Tasks that ran a month and a day before today, by what they are here for."""
    with Gator(conn) as gator:
        gator.backend.clock = lambda: time.time() - LONG_AGO
        plain = gator.task(pow, 2, 10)
        older, newest = (gator.options(name="nightly").task(pow, 2, n) for n in (1, 2))
        waiting = gator.options(delay_until=time.time() + DAY).task(pow, 2, 3)
        while gator.pop():
            pass
        found = {"plain": plain, "older": older, "newest": newest, "waiting": waiting}
        return {why: task.task_id for why, task in found.items()}


@pytest.fixture
def ids(tmp_path: Path) -> tuple[str, dict[str, str]]:
    conn = f"sqlite:///{tmp_path}/tasks.sqlite"
    return conn, ran_long_ago(conn)


def test_a_worker_forgets_what_ended_a_month_ago(ids: tuple[str, dict[str, str]]) -> None:
    """Not what has not ended, however old, and never the newest of a name."""
    conn, task = ids
    with Gator(conn) as gator:
        fresh = gator.task(pow, 2, 5)
        gator.start_worker()
        assert fresh.get(timeout=20) == 32
        until(lambda: gator.find(task["plain"]) is None)
        with pytest.raises(TaskNotFound):
            gator[task["older"]]
        assert gator["nightly"].task_id == task["newest"]
        assert gator[task["waiting"]].status == 3
        assert gator[fresh.task_id].result == 32
        assert gator.verify() == []


def test_a_worker_warns_of_a_store_that_has_grown_large(
    shared: Gator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With the command that tells what can go."""
    monkeypatch.setattr("gator_nb.workers.housekeeping.LARGE_STORE", 1)
    shared.start_worker()
    told = rf"{re.escape(shared.conn_string)} takes \d+\.\d KB: `gator-nb purge` counts"
    until(lambda: re.search(told, caplog.text))
