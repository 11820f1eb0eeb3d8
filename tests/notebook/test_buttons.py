"""The buttons of a card: what is there, what it does, and what it says when that cannot be."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from gator_nb import SUCCESS, Gator
from gator_nb.notebook.face import Face
from gator_nb.notebook.live import bundle


class Place:
    """An output of a page; outside of a kernel there is none."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}

    def update(self, data: dict[str, Any], *, raw: bool) -> None:
        assert raw
        self.data = data


@pytest.fixture
def gator() -> Iterator[Gator]:
    with Gator("memory://") as gator:
        yield gator


@pytest.fixture
def follow():
    """Makes the card of a task or group, and keeps it up to date until its end."""

    def follow(shown: Any) -> Face:
        face = Face(shown, bundle, lambda face: face.refresh(changed=True))
        face._static, face._live = Place(), Place()
        face._build()
        face.refresh(changed=True)
        return face

    return follow


def names(face: Face) -> list[str]:
    """Of the buttons that are to be seen."""
    stop = [] if face._cancel.layout.display == "none" else [face._cancel.description]
    return [*stop, *(button.description for button in face._again.children)]


def press(face: Face, name: str) -> None:
    (button,) = [one for one in face._again.children if one.description == name]
    button.click()


Cell = Callable[[str], Any]


@pytest.fixture
def cell(monkeypatch: pytest.MonkeyPatch) -> Cell:
    """Runs a cell that defines `divide`; answers it."""

    def cell(source: str) -> Any:
        exec(source, space := {"__name__": "__main__"})
        monkeypatch.setattr(sys.modules["__main__"], "divide", space["divide"], raising=False)
        return space["divide"]

    return cell


@pytest.fixture
def divide(cell: Cell) -> Any:
    return cell("def divide(x): return 1 / x")


@pytest.fixture
def failed(gator: Gator, divide):
    task = gator.task(divide, 0)
    with pytest.raises(ZeroDivisionError):
        gator.pop()
    return task


def test_what_has_not_ended_can_be_canceled(gator: Gator, divide, follow):
    """And what was canceled can be run again."""
    face = follow(gator.task(divide, 1))
    assert names(face) == ["Cancel"]
    face._cancel.click()
    face.refresh(changed=True)
    assert names(face) == ["Retry"]


def test_a_success_leaves_the_page_to_the_static_card(gator: Gator, divide, follow):
    """There is nothing to press."""
    task = gator.task(divide, 1)
    face = follow(task)
    gator.pop()
    task.wait(10)
    face.refresh(changed=True)
    assert face.over
    assert "success" in face._static.data["text/html"]
    assert face._live.data == {"text/plain": "", "text/html": ""}


def test_a_widget_is_drawn_before_it_goes(gator: Gator, divide, follow):
    """ipywidgets breaks when one is taken out of the page at once; what is saved tells the end."""
    task = gator.task(divide, 1)
    face = follow(task)
    face._displayed_at = time.monotonic()
    gator.pop()
    task.wait(10)
    face.refresh(changed=True)
    assert "success" in face._static.data["text/html"]
    assert (face.told, face.over, face._live.data) == (True, False, {})
    face._displayed_at -= 10
    face.refresh(changed=False)
    assert face.over
    assert face._live.data["text/html"] == ""


def test_a_page_that_is_loaded_again_is_told_the_end(gator: Gator, divide, follow, monkeypatch):
    """It may have read the card before the end, and not listened yet when that was sent."""
    face = follow(gator.task(divide, 1))
    sent: list[str] = []
    monkeypatch.setattr(
        face._html, "send_state", lambda key=None: key or sent.append(face._html.value)
    )
    face._box._view_count = 1
    assert sent == []
    face._cancel.click()
    face.refresh(changed=True)
    face._box._view_count = 2
    assert ["canceled" in one for one in sent] == [True]


def test_a_failure_is_run_again_in_its_place(gator: Gator, failed, follow):
    """The card is that of the new task from then on."""
    face = follow(failed)
    assert names(face) == ["Retry"]
    press(face, "Retry")
    assert face.shown.retry_of == failed.task_id
    assert f"retry of {failed.task_id[:8]}" in face._html.value
    assert names(face) == ["Cancel"]


def test_once_the_function_was_edited_there_is_a_choice(gator: Gator, failed, follow, cell: Cell):
    """The card says so after the next cell; the new code takes the old arguments."""
    face = follow(failed)
    cell("def divide(x): return 1 / x if x else 0.0")
    face.look_at_edits()
    assert "edited since this ran" in face._html.value
    assert names(face) == ["Retry the old code", "Run the new code"]
    press(face, "Run the new code")
    assert gator.pop().result == 0.0
    face.shown.wait(10)
    assert face.shown.status is SUCCESS
    assert face.shown.retry_of == failed.task_id


def test_what_cannot_be_done_is_told_on_the_card(
    failed, follow, cell: Cell, monkeypatch: pytest.MonkeyPatch
):
    """A button has no cell in which to raise."""
    face = follow(failed)
    cell("def divide(x): return 1 / x if x else 0.0")
    face.look_at_edits()
    monkeypatch.delattr(sys.modules["__main__"], "divide")
    press(face, "Run the new code")
    assert "there is no divide here: run its cell first" in face._html.value
    assert face.shown is failed


def test_a_group_runs_again_what_has_failed(gator: Gator, divide, follow):
    """That alone, as one card."""
    group = gator.map(divide, [1, 0])
    gator.pop()
    with pytest.raises(ZeroDivisionError):
        gator.pop()
    face = follow(group.wait(10))
    assert names(face) == ["Retry failed"]
    press(face, "Retry failed")
    assert len(face.shown) == 1
    assert names(face) == ["Cancel"]
