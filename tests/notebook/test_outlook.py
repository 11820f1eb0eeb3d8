"""What the card of an open task tells: where it stands in line, what is in the way, what it
survives."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import Gator, Task
from gator_nb.notebook import outlook
from gator_nb.notebook.card import task_html
from gator_nb.notebook.follow_log import MOST, FollowedLog
from gator_nb.notebook.outlook import outlook_row


@pytest.fixture
def gator(tmp_path: Path) -> Iterator[Gator]:
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as gator:
        yield gator


@pytest.fixture(autouse=True)
def read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cards share of a line is read for each."""
    monkeypatch.setattr(outlook, "_FRESH", -1.0)


def test_a_place_in_line(gator: Gator):
    """Priority counts; it moves on as tasks go."""
    first, second = gator.task(abs, -1), gator.task(abs, -2)
    urgent = gator.options(priority=5).task(abs, -3)
    assert "next in line" in outlook_row(urgent)
    assert "1 before it in line" in outlook_row(first)
    assert "2 before it in line" in outlook_row(second)
    gator.get(urgent.task_id)
    first.cancel()
    assert "next in line" in outlook_row(second)


def test_a_long_line_is_told_by_its_length(gator: Gator):
    """To look through it at every card would take too long."""
    group = gator.map(abs, range(250))
    assert "one of 250 that wait in this queue" in outlook_row(group[7])


def test_what_it_waits_for_is_named(gator: Gator):
    """By label and id; what has succeeded is left out."""
    done, load = gator.task(abs, -1), gator.options(name="load").task(abs, -2)
    gator.get(done.task_id)
    after = gator.options(depends_on=[done, load]).task(abs, -3)
    assert f"waits for load ({load.task_id[:8]})" in outlook_row(after)


def test_a_pause_and_a_limit_are_told(gator: Gator):
    """With the word that ends a pause."""
    task = gator.options(limit=("api", 2)).task(abs, -1)
    assert "at most 2 of &#x27;api&#x27; run at once" in outlook_row(task)
    gator.pause()
    assert "its queue is paused: `%gator resume`" in outlook_row(task)


def test_what_survives_a_restart_is_told(gator: Gator):
    """What is in a file does; what is in memory, or runs in a kernel's threads, does not."""
    assert "survives a kernel restart: yes" in outlook_row(gator.task(abs, -1))
    with Gator("memory://") as other:
        assert "survives a kernel restart: no" in outlook_row(other.task(abs, -1))
    ended = gator.task(abs, -1).cancel()
    assert outlook_row(ended) == ""


def test_an_open_task_says_when_that_was(gator: Gator):
    """A saved notebook is read another day; what has ended stays true."""
    task = gator.task(abs, -1)
    assert f"%gator show {task.task_id[:8]}" in task_html(task)
    assert "as seen at" in task_html(task)
    assert "as seen at" not in task_html(gator.get(task.task_id))


def printing(times: int) -> None:
    for number in range(times):
        print(f"line {number}")


def test_a_log_that_is_followed_is_read_once(gator: Gator, monkeypatch: pytest.MonkeyPatch):
    """Each piece; the end of it is kept, and what lies before is counted."""
    task = gator.get(gator.task(printing, 4_000).task_id)
    log, starts = gator.backend.log, []

    def spied(task_id: str, start: int = 0) -> bytes:
        starts.append(start)
        return log(task_id, start)

    monkeypatch.setattr(gator.backend, "log", spied)
    followed = FollowedLog(task)
    assert followed.read()
    assert not followed.read()
    size = len(log(task.task_id))
    assert starts == [0, size]
    assert followed.text.endswith("line 3999\n")
    assert (len(followed.text), followed.left_out) == (MOST, size - MOST)


def test_a_retry_names_what_it_is_a_retry_of(gator: Gator):
    task: Task = gator.task(abs, -1).cancel()
    assert f"retry of {task.task_id[:8]}" in task_html(task.retry())
