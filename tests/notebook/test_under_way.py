"""What the card of a task tells while it runs and while it is asked to stop, and which figures it
shows then."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gator_nb import RUNNING, Gator, Task
from gator_nb.notebook.card import task_html, task_text
from gator_nb.notebook.ended import images

SVG = "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


@pytest.fixture
def gator() -> Iterator[Gator]:
    with Gator("memory://") as gator:
        yield gator


def running(gator: Gator, **told: Any) -> Task:
    """A task that has run for ten seconds, and of which its worker has told that."""
    task = gator.task(abs, -1)
    record, now = task.handle.record, gator.backend.now()
    told |= {"version": record.version + 100, "status": RUNNING, "started": now - 10}
    task.handle.see(record._replace(**told))
    return task


def test_how_far_it_is_and_how_long_it_will_take(gator: Gator):
    """A bar, the time that is left at this pace, and each metric as a number and a small line."""
    progress = {"done": 2, "total": 8, "message": "half of it", "since": [0, 0]}
    metrics = {"loss": [[1, 0.5], [2, 0.25]]}
    task = running(gator, progress=json.dumps(progress), metrics=json.dumps(metrics))
    html = task_html(task)
    assert 'role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="25"' in html
    assert "2 of 8 (25%)" in html
    assert "half of it · loss 0.25" in html
    assert html.count("<polyline") == 1
    (left,) = re.findall(r"about ([\d.]+) s left", html)
    assert 30 <= float(left) < 60
    assert "2/8 half of it" in task_text(task)


def test_canceling_says_what_it_waits_for(gator: Gator):
    """And what would have stopped it."""
    asked = gator.backend.now() - 5
    task = running(gator, cancel_at=asked, cancel_step="in C code")
    assert task_text(task).startswith("canceling: abs (")
    assert "in C code since 5" in task_text(task)
    assert "run_in=&#x27;process&#x27; can stop anything" in task_html(task)


def draw() -> None:
    from IPython.display import display

    for _ in range(5):
        display({"image/svg+xml": SVG}, raw=True)


def test_figures_are_shown_and_run_nothing(gator: Gator):
    """The first four, as images, in which no script runs; the others are counted."""
    with gator.start_worker(threads=1):
        shown = images(gator.task(draw).wait(60))
    assert shown.count('<img alt="" ') == 4
    assert base64.b64encode(SVG.encode()).decode() in shown
    assert "onload" not in shown
    assert "and 1 more: task.outputs" in shown
