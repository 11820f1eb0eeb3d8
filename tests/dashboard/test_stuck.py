"""The page says of what waits beside workers that none of them can run it, and what helps."""

from pathlib import Path

import pytest

from gator_nb import Gator, Status, Task, Worker
from gator_nb.dashboard.following import Stuck
from gator_nb.dashboard.state import Session
from gator_nb.dashboard.views.notes import held_back, note, stuck
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
        assert (line.queue, line.reason) == ("lab", "they need Python 3.99")
        assert line.command == f"python3.99 -m gator_nb worker {gator.conn_string}"
        assert session.unserved == {}
        for_another_python.cancel()
        until(lambda: not session.stuck)


@pytest.mark.slow
def test_a_worker_that_learns_what_it_can_serve(gator: Gator, session: Session, tmp_path: Path):
    """Its lanes change once a task needs what it has: no banner meanwhile. The lane is served by
    nobody again when it leaves, and the banner names what is needed."""
    over = tmp_path / "over"
    needy = gator.options(needs={"license": 1})
    told: list[list[Stuck]] = []
    session.param.watch(lambda event: told.append(event.new), "stuck")
    with Worker(gator, threads=2, has={"license": 1}):
        first, second = needy.map(until, [over.exists] * 2)
        until(lambda: first.status is Status.RUNNING)
        until(lambda: [one for one in session.workers if "license" in str(one.presence.lanes)])
        seen = session.seen_at
        until(lambda: session.seen_at > seen + 2)  # it looked twice
        assert (told, second.status) == ([], Status.WAITING)
        over.touch()
        second.wait(20)
    with Worker(gator, threads=1):
        needy.task(pow, 2, 10)
        until(lambda: session.stuck)
        (line,) = session.stuck
        assert (line.reason, line.advice) == ("they need license=1", "start a worker that has it")
        assert line.command.endswith("--has license=1")


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


def test_what_the_same_command_helps_is_one_banner():
    """Whichever queue waits, and for whatever reason."""
    lines = [Stuck(queue, "they need it", "start one", "command") for queue in ("a", "b")]
    other = Stuck("c", "they need more", "start one", "command")
    nobody = note("backlog", "3 tasks wait in d, and no worker is there", "Start one:", "command")
    assert held_back([nobody, *stuck([*lines, other])]) == [
        note(
            "backlog",
            "3 tasks wait in d, and no worker is there",
            "No worker can run some tasks of a, b: they need it. "
            "No worker can run some tasks of c: they need more. Start one:",
            "command",
        )
    ]


def test_banners_are_few():
    """Of many the first are shown, and the others counted."""
    lines = [Stuck("lab", "they need it", "start one", f"command {n}") for n in range(9)]
    told = held_back(stuck(lines))
    assert [one["code"] for one in told] == ["command 0", "command 1", "command 2", ""]
    assert told[-1]["title"] == "And 6 more things that keep tasks waiting"
