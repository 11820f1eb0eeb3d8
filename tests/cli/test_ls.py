"""`gator-nb ls`: what is in a store, newest first."""

import pytest

from gator_nb import Gator

from .conftest import Run


@pytest.fixture
def three(gator: Gator) -> list[str]:
    """The ids of a task that has run, one that waits, and one in another queue."""
    done = gator.task(pow, 2, 10)
    gator.pop()
    waiting = gator.options(name="nightly").task(pow, 2, 11)
    other = gator.options(queue="night shift").task(divmod, 7, 0)
    return [done.task_id, waiting.task_id, other.task_id]


def test_newest_first_of_every_queue(run: Run, three: list[str]) -> None:
    """With the beginning of each id, which other verbs take."""
    told = run("ls")
    assert told.code == 0
    header, *rows = told.out.splitlines()
    assert header.split() == ["status", "id", "task", "queue", "took", "pushed"]
    assert [row.split()[2] for row in rows] == [task_id[:8] for task_id in reversed(three)]
    assert "night shift" in rows[0]
    assert "nightly" in rows[1]
    assert "success" in rows[2]


def test_by_status_queue_and_name(run: Run, three: list[str]) -> None:
    """Each narrows it down; a status may be given several times, and so may a queue."""

    def ids(*options: str) -> list[str]:
        return [one["id"] for one in run("ls", "--json", *options).objects]

    done, waiting, other = three
    assert ids("--status", "success") == [done]
    assert ids("--status", "success", "--status", "waiting") == [other, waiting, done]
    assert ids("--queue", "night shift") == [other]
    assert ids("-q", "night shift", "-q", "all", "--status", "waiting") == [other, waiting]
    assert ids("--name", "nightly") == [waiting]


def test_what_a_limit_leaves_out_is_said(run: Run, three: list[str]) -> None:
    """A list that was cut never looks like the whole."""
    told = run("ls", "--limit", "2")
    assert len(told.out.splitlines()) == 3
    assert "there are more: --limit 0 shows all" in told.err
    assert "there are more" not in run("ls", "--limit", "0").err


def test_json_is_an_object_a_line(run: Run, three: list[str]) -> None:
    """Times in UTC, durations in seconds, what is not there as null."""
    newest, _, oldest = run("ls", "--json").objects
    assert (newest["queue"], newest["status"]) == ("night shift", "waiting")
    assert newest["seconds"] is None
    assert oldest["status"] == "success"
    assert oldest["seconds"] >= 0
    assert oldest["finished"].endswith("Z")


def test_an_empty_list_says_why(run: Run, gator: Gator) -> None:
    """No task at all, no such queue, or none that fits: three different things."""
    told = run("ls")
    assert (told.code, told.out) == (0, "")
    assert "there is no task in" in told.err
    gator.task(pow, 2, 10)
    assert "no such queue; there are all" in run("ls", "--queue", "typo").err
    assert "no task fits" in run("ls", "--status", "failed").err


def test_names_cannot_steer_the_terminal(run: Run, gator: Gator) -> None:
    """Neither by control characters nor by what rich would take for a style."""
    gator.options(name="[red]x\x1b[2J\nnext").task(pow, 2, 10)
    told = run("ls")
    assert "[red]x [2J next" in told.out
    assert "\x1b" not in told.out
