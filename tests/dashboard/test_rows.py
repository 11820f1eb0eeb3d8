"""How a record becomes a row: true words, and user text that is only ever text."""

from collections.abc import Callable

import pytest

from gator_nb import Status
from gator_nb.dashboard.text import block, safe
from gator_nb.dashboard.views.charts import spans
from gator_nb.dashboard.views.rows import row
from gator_nb.dashboard.views.table import for_all
from gator_nb.record import Record


def test_a_running_task_that_was_asked_to_stop_is_canceling():
    """Canceled is only said once the store has said it."""
    asked = row(Record("a", "lab", Status.RUNNING, cancel_at=1.0, cancel_step="in C code"), {})
    assert (asked["word"], asked["action"], asked["more"]) == (
        "Canceling",
        "canceling",
        "in C code",
    )
    stopped = row(Record("a", "lab", Status.CANCELED, cancel_at=1.0), {})
    assert (stopped["word"], stopped["action"]) == ("Canceled", "retry")


@pytest.mark.parametrize("status", list(Status))
def test_each_row_offers_what_can_be_done(status: Status):
    """What has not ended can be canceled, what failed or was canceled be run again."""
    again = {Status.FAILED: "retry", Status.CANCELED: "retry", Status.SUCCESS: ""}
    assert row(Record("a", "lab", status), {})["action"] == again.get(status, "cancel")


def test_text_is_stripped_and_capped():
    """No control, no bidirectional character, one line, and an end to it."""
    assert safe("fit\u202egnp.exe\x1b[31m\nnext\u2066") == "fit gnp.exe [31m next"
    assert len(safe("x" * 10_000)) == 120


@pytest.mark.parametrize("shown", [safe, block])
def test_marks_do_not_tower_over_other_lines(shown: Callable[[str], str]):
    """As many as a language needs, over each letter."""
    assert shown("Vie\u0302\u0323t " + "Z" + "\u0301" * 500) == "Vie\u0302\u0323t Z" + "\u0301" * 3


def test_progress_in_figures():
    """A share where the total is known, figures in any case."""
    half = row(Record("a", "lab", progress='{"done": 5, "total": 10, "message": "epoch 5"}'), {})
    assert half["progress"] == {"share": 0.5, "text": "5/10"}
    assert half["more"] == "epoch 5"
    endless = row(Record("a", "lab", progress='{"done": 5, "total": null}'), {})
    assert endless["progress"] == {"share": None, "text": "5"}


@pytest.mark.parametrize(
    "told",
    ["", "[", "[]", "3", '{"done": "x"}', '{"done": true}', '{"done": NaN}', '{"message": [1]}'],
)
def test_nonsense_progress_is_no_progress(told: str):
    """Whoever can write to the store cannot break the page."""
    drawn = row(Record("a", "lab", progress=told), {})
    assert (drawn["progress"], drawn["more"]) == (None, "")


def test_what_is_offered_for_all_fits_what_is_listed():
    """Nothing that could not be done to any of them."""
    waiting, failed = Record("a", "lab"), Record("b", "lab", Status.FAILED)
    assert for_all("some", [waiting, failed], {}) == ["cancel", "retry"]
    assert for_all("failed", [failed], {}) == ["retry"]
    assert for_all("finished", [Record("c", "lab", Status.SUCCESS)], {}) == []
    assert for_all("all", [failed], {"queued": 0, "running": 1}) == ["cancel"]


def test_a_span_has_a_lane_only_where_it_ran():
    """What was canceled before it began ran nowhere."""
    ran = Record("a", "lab", Status.SUCCESS, label="fit", worker="w", started=1.0, finished=2.0)
    never = Record("b", "lab", Status.CANCELED, label="fit", finished=3.0)
    assert spans([never, ran], {"w": "lab-1"}) == [
        ["a", "fit", "success", "lab-1", 1.0, 2.0],
        ["b", "fit", "canceled", "", None, 3.0],
    ]
