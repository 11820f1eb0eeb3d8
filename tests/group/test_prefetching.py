"""Thousands of handles are read in few requests, not in one each."""

import pytest

from gator_nb import Gator


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, busy: Gator) -> list[str]:
    """The names of the verbs by which one task's bytes are read, as they are called."""
    calls: list[str] = []

    def noting(name: str) -> object:
        real = getattr(busy.backend, name)

        def verb(task_id: str) -> object:
            calls.append(name)
            return real(task_id)

        return verb

    for name in ("envelope", "outcome"):
        monkeypatch.setattr(busy.backend, name, noting(name))
    return calls


def test_the_values_of_a_group_are_read_together(busy: Gator, asked: list[str]) -> None:
    assert busy.map(abs, range(-250, 0)).get() == list(range(250, 0, -1))
    assert asked == []


def test_a_table_of_tasks_pushed_elsewhere_reads_them_together(
    busy: Gator, asked: list[str]
) -> None:
    """Their parameters are in their envelopes, what came of them in their outcomes."""
    busy.grid(round, number=[1.5, 2.5, 3.5]).wait()
    table = busy.tasks().table()
    assert sorted(table.result) == [2, 2, 4]
    assert sorted(table.number) == [1.5, 2.5, 3.5]
    assert asked == []
