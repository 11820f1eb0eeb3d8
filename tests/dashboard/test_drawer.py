"""One task in all its detail: what the session reads, and how it is told."""

import json
from contextlib import closing
from dataclasses import dataclass

import apsw
import pytest

from gator_nb import Gator, Status, progress
from gator_nb.constants import FORCED
from gator_nb.dashboard.details import Detail
from gator_nb.dashboard.state import Session
from gator_nb.dashboard.text import block
from gator_nb.dashboard.views.portrait import (
    actions_of,
    curves,
    log_of,
    outputs,
    portrait,
    steps,
)
from gator_nb.output.rich_output import Display
from gator_nb.record import Record, lane_of

from ..waiting import until

HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202egnp\x00"


def drawn(session: Session) -> dict[str, object]:
    return portrait(session.detail, session.task, session.worker_names, session.workers)


@dataclass
class Seen:
    """A session that has an open task, once it is there."""

    session: Session

    def open(self, task_id: str) -> dict[str, object]:
        self.session.open_task(task_id)
        until(lambda: self.session.detail is not None)
        return drawn(self.session)


@pytest.fixture
def seen(session: Session) -> Seen:
    return Seen(session)


def test_a_result(gator: Gator, seen: Seen):
    """What it came to, what it was called with, and when."""
    task = gator.options(name="power", tags=["maths"]).task(pow, 2, exp=10)
    gator.pop()
    shown = seen.open(task.task_id)
    assert (shown["word"], shown["result"], shown["actions"]) == ("Finished", "1024", ["retry"])
    assert shown["call"] == "builtins.pow"
    assert ["exp", "10"] in shown["arguments"]  # type: ignore[operator]
    assert ["Tags", "maths"] in shown["facts"]  # type: ignore[operator]
    assert [step["word"] for step in shown["steps"]] == ["Pushed", "Started", "Finished"]  # type: ignore[attr-defined]


def test_a_traceback_has_the_lines_of_the_user(gator: Gator, seen: Seen):
    """Those that failed, and the source of what was called."""

    def load(row: str) -> float:
        return float(row)

    task = gator.task(load, "oops")
    with pytest.raises(ValueError, match="oops"):
        gator.pop()
    shown = seen.open(task.task_id)
    assert shown["error"] == "ValueError: could not convert string to float: 'oops'"
    assert "return float(row)" in str(shown["traceback"])
    assert "def load(row: str)" in shown["source"][0]["text"]  # type: ignore[index]


def test_a_running_task_is_followed(gator: Gator, session: Session):
    """Its log, its progress and its curves come while it runs."""

    def fit() -> None:
        for done in range(3):
            print("epoch", done)
            progress(done + 1, 3, loss=1 / (done + 1))

    task = gator.task(fit)
    session.open_task(task.task_id)
    until(lambda: session.detail is not None)
    assert (session.detail.log, drawn(session)["word"]) == ("", "Waiting")
    gator.pop()
    until(lambda: session.detail.record.status is Status.SUCCESS)
    assert log_of(session.detail, 1000)["text"] == "epoch 0\nepoch 1\nepoch 2"
    (loss,) = curves(session.detail.record)
    assert [value for _, value in loss["points"]] == [1.0, 0.5, pytest.approx(1 / 3)]


def test_what_it_waits_for_is_named(gator: Gator, seen: Seen):
    """And can be opened."""
    first = gator.options(name="first").task(pow, 2, 10)
    second = gator.options(depends_on=[first]).task(pow, 2, 11)
    (other,) = seen.open(second.task_id)["tasks"]  # type: ignore[misc]
    assert (other["id"], other["role"], other["name"]) == (first.task_id, "Waits for", "first")


@pytest.mark.parametrize("task_id", ["no-such-id", "../../etc", "<script>", "\x00" * 9, "x" * 5000])
def test_an_id_that_is_not_there_is_told(seen: Seen, task_id: str):
    """A forged address opens a page that says so."""
    shown = seen.open(task_id)
    assert shown["state"] == "gone"
    assert len(str(shown["id"])) <= 200


def test_a_key_that_is_not_here_is_told(gator: Gator, seen: Seen, monkeypatch: pytest.MonkeyPatch):
    """Without it nothing can be verified; what cannot be is not shown."""
    task = gator.task(pow, 2, 10)
    gator.pop()
    monkeypatch.setenv("GATOR_NB_KEY", "ab" * 32)
    shown = seen.open(task.task_id)
    assert (shown["word"], shown["result"], shown["arguments"]) == ("Finished", None, [])
    assert ["is not on this machine" in text for text in shown["untold"]] == [True, True]  # type: ignore[attr-defined]


def test_a_result_of_which_nothing_is_left_is_told(gator: Gator, seen: Seen, dsn: str):
    """It is not taken for a task without one."""
    task = gator.task(pow, 2, 10)
    gator.pop()
    with closing(apsw.Connection(dsn.removeprefix("sqlite:///"))) as store:
        store.execute("UPDATE outcome SET data = x''")
    shown = seen.open(task.task_id)
    assert shown["result"] is None
    (told,) = shown["untold"]  # type: ignore[misc]
    assert told.startswith("What came of it is not shown: ")


def test_forged_metrics_draw_nothing_wrong():
    """Whoever can write to the store cannot break the page."""
    told = {
        "a": [[0, 1], [1, "x"], [2], None, [3, float("nan")], [4, 10**400]],
        "b": 7,
        HOSTILE: [[0, 1]],
    }
    drawn_curves = curves(Record("a", "lab", metrics=json.dumps(told)))
    assert drawn_curves[0] == {"name": "a", "points": [[0, 1]], "odd": 3}
    assert [one["name"] for one in drawn_curves] == ["a", "<img src=x onerror=alert(1)> [31m gnp"]
    assert (
        curves(Record("a", "lab", metrics="[")) == curves(Record("a", "lab", metrics="[1]")) == []
    )


def test_a_log_is_what_a_terminal_would_show():
    """No colours, no cursor, a bar once, one line cut where nobody reads on."""
    assert block("\x1b[31mred\x1b[0m\x1b]0;title\x07") == "red"
    assert block("10 %\r20 %\r30 %\nnext") == "30 %\nnext"
    assert block("a\u202eb\x00") == "a\ufffdb\ufffd"
    assert block("x" * 5000).endswith("… (1,000 more characters)")


def test_a_long_log_shows_its_end_and_says_so():
    """What is not shown is counted."""
    detail = Detail("a", Record("a", "lab"), log="first\nsecond\nthird\n")
    told = log_of(detail, 10)
    assert (told["text"], told["earlier"], told["going"]) == ("third", 13, True)


def test_only_pictures_and_text_are_shown():
    """HTML that a task displayed is not run: its text stands for it."""
    html = Display({"text/html": "<script>alert(1)</script>", "text/plain": "<a table>"}, {})
    picture = Display({"image/png": "aGk=\n", "text/plain": "a figure"}, {})
    told = outputs(Detail("a", Record("a", "lab"), outputs=(html, picture)))
    assert told == [{"kind": "text", "data": "<a table>"}, {"kind": "image/png", "data": "aGk="}]


def test_force_is_offered_where_it_works():
    """Only a process can be ended without its code, and only once it was asked."""
    lane = lane_of("3.11", "a1b2c3d4", "process")
    running = Record("a", "lab", Status.RUNNING, lane=lane)
    assert actions_of(running, []) == ["cancel"]
    asked = running._replace(cancel_at=1.0)
    assert actions_of(asked, []) == ["stop"]
    assert actions_of(asked._replace(cancel_step=FORCED), []) == []
    assert actions_of(asked._replace(lane=lane_of("3.11", "a1b2c3d4", "thread")), []) == []


def test_the_timeline_counts_what_it_does_not_know():
    """Of earlier tries the store keeps the number; no time is made up for them."""
    record = Record(
        "a", "lab", Status.FAILED, attempts=3, losses=1, created=1.0, started=5.0, finished=6.0
    )
    told = [(step["word"], step["at"]) for step in steps(record, {})]
    assert told == [
        ("Pushed", 1.0),
        ("2 earlier tries, 1 of them lost with a worker", None),
        ("Try 3 started", 5.0),
        ("Failed", 6.0),
    ]
