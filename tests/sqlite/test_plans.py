"""The cost of a verb does not grow with what is stored."""

from collections.abc import Callable
from typing import Any

import pytest

from gator_nb.backends.base import Filter
from gator_nb.backends.sqlite import SQLiteBackend
from gator_nb.states import SUCCESS, WAITING

from .specimens import LANE, push


@pytest.mark.parametrize(
    "where",
    [
        Filter(call_key="k"),
        Filter(name="n", status=frozenset({WAITING, SUCCESS})),
        Filter(tag="t", queue="all"),
        Filter(worker="w"),
        Filter(status=frozenset({WAITING, SUCCESS}), queue="all"),
    ],
)
def test_no_page_is_sorted_or_scanned(backend: SQLiteBackend, where: Filter) -> None:
    """Every statement of a listing walks an index in the order of pushing."""
    backend.put([push("a")])
    plans = plans_of(backend, lambda: backend.page(where))
    assert plans
    assert not [plan for plan in plans if "TEMP B-TREE" in plan or "SCAN task" in plan]


def test_no_claim_is_sorted_or_scanned(backend: SQLiteBackend) -> None:
    """Nor does it look at anything but the heads of the lines, the due and the expired."""
    backend.put([push("a")])
    plans = plans_of(backend, lambda: backend.claim("w", None, [LANE], 10))
    assert not [plan for plan in plans if "TEMP B-TREE" in plan or "SCAN task" in plan]


def plans_of(backend: SQLiteBackend, act: Callable[[], object]) -> list[str]:
    """How SQLite runs the statements of a verb."""
    statements: list[tuple[str, Any]] = []
    for handle in (backend._reader, backend._writer):
        with handle as db:
            db.exec_trace = lambda _, text, values: statements.append((text, values)) or True
    act()
    for handle in (backend._reader, backend._writer):
        with handle as db:
            db.exec_trace = None
    with backend._reader as db:
        return [
            str(row[3])
            for text, values in statements
            if text.lstrip().startswith(("SELECT", "WITH", "UPDATE"))
            for row in db.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()
        ]
