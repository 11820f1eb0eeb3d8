"""Transactions and statements of a file."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gator_nb import SUCCESS, Gator, Worker
from gator_nb.backends.base import Claimed, Settlement
from gator_nb.backends.sqlite import connection

MANY = 100


class Statements:
    """Those that this thread runs; a watcher looks around on its own."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._seen: list[str] = []

    def note(self, _cursor: object, text: str, _values: object) -> bool:
        if threading.get_ident() == self._thread:
            self._seen.append(text.strip())
        return True

    def of(self, work: Callable[[], object]) -> tuple[int, int]:
        """How many transactions that write, and how many statements in all, `work` takes."""
        self._seen.clear()
        work()
        return self._seen.count("BEGIN IMMEDIATE"), len(self._seen)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    found, connect = Statements(), connection.connect

    def traced(address: Any) -> Any:
        db, locks = connect(address)
        db.exec_trace = found.note
        return db, locks

    monkeypatch.setattr(connection, "connect", traced)
    return found


@pytest.fixture
def gator(statements: Statements, tmp_path: Path) -> Iterator[Gator]:
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as opened:
        opened.task(abs, 0)
        opened.pop()
        yield opened


def claimed(gator: Gator, number: int) -> list[Claimed]:
    return gator.backend.claim("me", ("all",), gator.client.lanes("thread"), number)


def ends(tasks: list[Claimed]) -> list[Settlement]:
    return [
        Settlement(one.record.id, one.record.claim or "", SUCCESS, 0, b"outcome") for one in tasks
    ]


def test_a_push_is_one_transaction(statements: Statements, gator: Gator) -> None:
    """Its begin and its commit are counted with the rest."""
    transactions, number = statements.of(lambda: gator.task(abs, -1))
    assert transactions == 1
    assert number <= 8


def test_many_pushed_at_once_share_a_transaction(statements: Statements, gator: Gator) -> None:
    """Three statements each: its record, its call, and that it is there."""
    transactions, number = statements.of(lambda: gator.map(abs, range(MANY)))
    assert transactions == 1
    assert number <= 3 * MANY + 8


def test_a_claim_is_as_many_statements_whatever_it_takes(
    statements: Statements, gator: Gator
) -> None:
    """One task or a hundred, out of a few or out of many."""
    gator.map(abs, range(MANY))
    transactions, number = statements.of(lambda: claimed(gator, 1))
    assert (transactions, number <= 9) == (1, True)
    gator.map(abs, range(10 * MANY))
    transactions, number = statements.of(lambda: claimed(gator, MANY))
    assert (transactions, number <= 9) == (1, True)


def test_settlements_share_a_transaction(statements: Statements, gator: Gator) -> None:
    """Few have three statements each: the record, the outcome, and who waited for it. Many have two
    for every fifty of them."""
    gator.map(abs, range(MANY))
    few, many = claimed(gator, 5), claimed(gator, MANY - 5)
    transactions, number = statements.of(lambda: gator.backend.settle(ends(few)))
    assert (transactions, number <= 3 * 5 + 8) == (1, True)
    transactions, number = statements.of(lambda: gator.backend.settle(ends(many)))
    assert (transactions, number <= 2 * 2 + 8) == (1, True)


def test_a_task_that_is_run_here_is_two_transactions(statements: Statements, gator: Gator) -> None:
    """Claimed and settled."""
    gator.task(abs, -1)
    transactions, number = statements.of(gator.pop)
    assert transactions == 2
    assert number <= 20


def test_reading_writes_nothing(statements: Statements, gator: Gator) -> None:
    """The result of a task, and afterwards the handle has it; what a status line asks."""
    task = gator.task(abs, -1)
    gator.pop()
    with Gator(gator.conn_string) as elsewhere:
        handle = elsewhere[task.task_id]
        transactions, number = statements.of(handle.get)
        assert (transactions, number <= 6) == (0, True)
        assert statements.of(handle.get) == (0, 0)
    for ask in (len, Gator.counts):
        transactions, number = statements.of(lambda ask=ask: ask(gator))
        assert (transactions, number <= 3) == (0, True)


def test_a_worker_writes_less_than_once_a_task(statements: Statements, gator: Gator) -> None:
    """It claims and settles several at once; one by one it would write twice a task."""
    gator.map(abs, range(1_000))
    worker = Worker(gator, max_tasks=1_000, threads=1, log_level=50)
    transactions, _ = statements.of(worker.run_forever)
    assert worker.tasks_complete == 1_000
    assert transactions < 1_000
