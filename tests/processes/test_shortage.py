"""A worker that can open no more files: it waits and says so, and goes on when it can."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gator_nb import Gator, Worker
from tests.waiting import until


@contextmanager
def no_more_files() -> Iterator[None]:
    """This process may open none beyond those that are open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_no_child_can_be_started(gator: Gator, caplog: pytest.LogCaptureFixture) -> None:
    with Worker(gator, processes=2) as worker:
        first = gator.task(os.getpid).get(60)
        until(worker.registered.is_set)
        with no_more_files():
            os.kill(first, 9)
            until(lambda: "Too many open files" in caplog.text)
        assert gator.map(pow, range(3), [2] * 3).get() == [0, 1, 4]


def test_a_task_waits_for_a_file_of_its_output(
    gator: Gator, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    """It has not begun, so nothing is lost."""
    gator.task(int).get(60)
    with no_more_files():
        task = gator.task(pow, 2, 3)
        until(lambda: "tasks wait: [Errno 24]" in caplog.text)
    assert task.get(60) == 8
    assert task.attempts == 1
