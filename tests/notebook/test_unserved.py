"""A card says why its task does not begin, and what helps."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import Gator
from gator_nb.notebook import card

from ..waiting import until

WHY = "they need Python 3.99"


@pytest.fixture
def gator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gator]:
    """Its cards ask at once, and not only after a while."""
    monkeypatch.setattr(card, "_PATIENT", 0.0)
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as opened:
        yield opened


@pytest.fixture
def another_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gator_nb.definition.PYTHON", "3.99")


def test_a_task_that_no_worker_can_run(gator: Gator, another_python: None) -> None:
    """Its card and its line of text have the command; once it is canceled they do not."""
    with gator.start_worker(threads=1) as worker:
        assert worker.registered.wait(30)
        task = gator.task(pow, 2, 10)
        for told in (card.task_html(task), card.task_rows(task, live=True), card.task_text(task)):
            assert WHY in told
            assert f"python3.99 -m gator_nb worker {gator.conn_string}" in told
        task.cancel()
        until(lambda: WHY not in card.task_html(task))


def test_a_group_of_them(gator: Gator, another_python: None) -> None:
    """One line for all."""
    with gator.start_worker(threads=1) as worker:
        assert worker.registered.wait(30)
        group = gator.map(abs, range(3))
        told = card.group_html(group, card.tally_of(group))
        group.cancel()
    assert f"no worker can run 3 tasks of queue &#x27;all&#x27;: {WHY}" in told


def test_what_waits_for_such_a_task_says_so_too(
    gator: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gator.start_worker(threads=1) as worker:
        assert worker.registered.wait(30)
        with monkeypatch.context() as patch:
            patch.setattr("gator_nb.definition.PYTHON", "3.99")
            first = gator.task(pow, 2, 10)
        last = gator.options(depends_on=[first]).task(abs, -1)
        assert WHY in card.task_text(last)
        first.cancel()
        last.wait(30)


def test_a_task_that_a_worker_takes_says_nothing(gator: Gator) -> None:
    """Nor does one for whose worker there has been no time to start."""
    with gator.start_worker(threads=1) as worker:
        assert worker.registered.wait(30)
        assert "no worker" not in card.task_html(gator.task(pow, 2, 10).wait(30))


def test_a_card_is_patient(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker of this notebook may be starting just now."""
    monkeypatch.setattr(card, "_PATIENT", 3.0)
    assert "no worker" not in card.task_html(gator.task(pow, 2, 10))
