"""Tampered bytes in a real store: whoever opens them refuses them, and nothing of them runs."""

import pytest

from . import fuzz


@pytest.fixture
def doors(tmp_path, monkeypatch):
    """A store with a task that has a call, an outcome and a checkpoint."""
    monkeypatch.setenv("GATOR_NB_KEY", "5a" * 32)
    with fuzz.opened(tmp_path, seed=6) as opened:
        yield opened


def test_the_honest_pieces_are_taken(doors):
    """What is refused below is refused for what was done to it."""
    for _, opened in doors.doors.values():
        opened()
    assert doors.task.get() == 1
    assert doors.task.checkpoint == {"value": 1}


def test_hundreds_of_cases_are_refused(doors):
    """By handles, cards, tables, pages, the command, and workers; the canary never runs."""
    found = fuzz.run(doors, 400)
    assert found.faults == []
    assert found.told.total() == 400
    assert {who for who, _, _ in found.told} == {*doors.doors, "threads: call"}


@pytest.mark.slow
def test_thousands_of_cases_are_refused(doors):
    found = fuzz.run(doors, 6_000)
    assert found.faults == []
    assert {who for who, _, _ in found.told} > {
        f"{slots}: {kind}" for slots in ("threads", "processes") for kind in ("call", "checkpoint")
    }
