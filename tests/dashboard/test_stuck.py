"""The page says of what waits beside workers that none of them can run it, and what helps."""

import pytest

from gator_nb import Gator, Task
from gator_nb.dashboard.following import Stuck
from gator_nb.dashboard.state import Session
from gator_nb.dashboard.views.notes import stuck
from gator_nb.dashboard.views.portrait import portrait

from ..waiting import until


@pytest.fixture
def for_another_python(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> Task:
    """A task that a notebook of Python 3.99 has pushed."""
    with monkeypatch.context() as patch:
        patch.setattr("gator_nb.definition.PYTHON", "3.99")
        return gator.task(pow, 2, 10)


def test_a_python_that_no_worker_has(gator: Gator, session: Session, for_another_python: Task):
    """A banner with the command, until such a task waits no more."""
    with gator.start_worker(threads=1):
        until(lambda: session.stuck)
        (line,) = session.stuck
        assert line.why == "no worker can run some tasks of queue 'lab': they need Python 3.99"
        assert line.command == f"python3.99 -m gator_nb worker {gator.conn_string}"
        assert session.unserved == {}
        for_another_python.cancel()
        until(lambda: not session.stuck)


def test_the_drawer_says_why_it_waits(gator: Gator, session: Session, for_another_python: Task):
    """In place of "for a worker"; a task that can run says nothing of it."""

    def last_step() -> str:
        shown = portrait(session.detail, session.task, session.worker_names, session.workers)
        return str(shown["steps"][-1]["more"]) if shown["state"] == "there" else ""

    with gator.start_worker(threads=1):
        session.open_task(for_another_python.task_id)
        until(lambda: "they need Python 3.99" in last_step())
        task = gator.task(pow, 2, 11).wait(30)
        session.open_task(task.task_id)
        until(lambda: session.detail is not None)
        assert "Python" not in last_step()


def test_banners_are_few():
    """Of many lines the first are shown, and the others counted."""
    notes = stuck([Stuck(f"no worker {number}", "start one", "command") for number in range(9)])
    assert [note["title"] for note in notes] == [
        "No worker 0", "No worker 1", "No worker 2", "And 6 more such lines",
    ]  # fmt: skip
    assert (notes[0]["text"], notes[0]["code"]) == ("Start one:", "command")
