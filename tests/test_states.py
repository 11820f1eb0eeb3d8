"""The table of statuses and events is closed and complete."""

import pytest

from gator_nb.states import (
    BLOCKED,
    CANCELED,
    DELAYED,
    FAILED,
    RETRYING,
    RUNNING,
    SUCCESS,
    TERMINAL,
    TRANSITIONS,
    UNSTARTED,
    WAITING,
    Event,
    Status,
    status_of,
)


def test_the_first_six_have_alligators_numbers_and_words() -> None:
    named = {str(status): int(status) for status in Status}
    assert named == {
        "waiting": 0, "success": 1, "failed": 2, "delayed": 3, "retrying": 4, "canceled": 5,
        "running": 6, "blocked": 7,
    }  # fmt: skip
    assert f"{Status.WAITING}" == "waiting"


def test_a_status_stands_in_exactly_one_part() -> None:
    """Not started, running or over."""
    assert frozenset(Status) == UNSTARTED | {RUNNING} | TERMINAL
    assert len(Status) == len(UNSTARTED) + 1 + len(TERMINAL)
    assert frozenset({SUCCESS, FAILED, CANCELED}) == TERMINAL
    assert frozenset({WAITING, DELAYED, RETRYING, BLOCKED}) == UNSTARTED


def test_what_is_over_stays_over() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] in TERMINAL]


def test_every_status_can_be_reached_from_a_push() -> None:
    reached: set[Status | None] = {None}
    while True:
        onward = {
            to for (start, _), after in TRANSITIONS.items() if start in reached for to in after
        }
        if onward <= reached:
            break
        reached |= onward
    assert reached == {None, *Status}


def test_nothing_is_stuck() -> None:
    """From every status that is not final, one that is can be reached."""
    ends = set(TERMINAL)
    while True:
        before = {
            start for (start, _), after in TRANSITIONS.items() if start is not None and after & ends
        }
        if before <= ends:
            break
        ends |= before
    assert ends == set(Status)


def test_every_event_happens_somewhere() -> None:
    assert {event for _, event in TRANSITIONS} == set(Event)


def test_every_unstarted_task_can_be_canceled_and_can_expire() -> None:
    for status in UNSTARTED:
        assert TRANSITIONS[status, Event.CANCEL] == {CANCELED}
        assert TRANSITIONS[status, Event.EXPIRE] == {FAILED}


def test_only_a_claim_starts_a_task() -> None:
    starts = {pair for pair, after in TRANSITIONS.items() if RUNNING in after}
    assert starts == {(WAITING, Event.CLAIM), (RUNNING, Event.CANCEL)}


@pytest.mark.parametrize("status", Status)
def test_a_word_a_number_or_a_status_names_a_status(status: Status) -> None:
    assert status_of(str(status)) is status_of(int(status)) is status_of(status) is status


@pytest.mark.parametrize("word", ["done", 99])
def test_an_unknown_word_is_told_what_there_is(word: str | int) -> None:
    with pytest.raises(ValueError, match=r"waiting.*blocked"):
        status_of(word)
