"""Ending many tries at a time. Each statement lets go of the interpreter and has to get it back
from the threads that run tasks: of a batch as it comes in a drain that was most of the time.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from ...states import TERMINAL
from ..base import Settlement
from .sql import sql
from .transaction import Transaction

TaskClaim = tuple[str, str]
"""The id of a task, and a claim on it."""

FEW = 8
"""Below so many, one by one is as quick."""

_ROWS = 50
"""Of a statement; what is left of them is filled with rows that match nothing."""

_GIVEN = (
    "id", "claim", "status", "retries", "reason", "error", "progress", "metrics", "peak_memory",
)  # fmt: skip


def _rows(columns: int) -> str:
    return ", ".join([f"({', '.join('?' * columns)})"] * _ROWS)


_SETTLE = sql(f"""
WITH given (version, {", ".join(_GIVEN)}, finished) AS (VALUES {_rows(len(_GIVEN) + 2)})
UPDATE task SET
    status = given.status, retries = given.retries, reason = given.reason, error = given.error,
    finished = given.finished, progress = coalesce(given.progress, task.progress),
    metrics = coalesce(given.metrics, task.metrics),
    peak_memory = coalesce(given.peak_memory, task.peak_memory),
    settled = task.claim, version = given.version
FROM given
WHERE task.id = given.id AND task.claim = given.claim AND task.status = $RUNNING
    AND task.settled IS NOT given.claim AND task."limit" IS NULL
    AND NOT EXISTS (SELECT 1 FROM dependency WHERE parent = task.seq)
RETURNING id, settled, seq
""")  # noqa: S608 -- names of columns

_KEEP = f"""
INSERT OR REPLACE INTO outcome (seq, data)
SELECT column1, column2 FROM (VALUES {_rows(2)}) WHERE column1 IS NOT NULL
"""  # noqa: S608 -- marks


def settle_plain(tx: Transaction, settlements: Sequence[Settlement]) -> set[TaskClaim]:
    """End those of these that nothing else depends on, that free no limit and that have nothing to
    write beside their outcome. What is left is for a closer look."""
    plain: dict[TaskClaim, Settlement] = {}
    for one in settlements:
        if one.status in TERMINAL and not (one.lost or one.log or one.refs):
            plain.setdefault((one.task_id, one.claim), one)  # the first word of a try counts
    if len(plain) < FEW:
        return set()
    seqs = _end(tx, list(plain.values()))
    outcomes = [(seq, plain[ended].outcome) for ended, seq in seqs.items()]
    _keep(tx, [(seq, data) for seq, data in outcomes if data is not None])
    if seqs:
        tx.topics.add("news")
    return set(seqs)


def _end(tx: Transaction, settlements: Sequence[Settlement]) -> dict[TaskClaim, int]:
    """The seqs of those that have ended."""
    version = tx.stamps(len(settlements))
    rows = [(version + at, *_given(one), tx.now) for at, one in enumerate(settlements, 1)]
    found = (tx.run(_SETTLE, _filled(some)) for some in _portions(rows))
    return {(task_id, claim): seq for some in found for task_id, claim, seq in some}


def _keep(tx: Transaction, outcomes: Sequence[tuple[int, bytes]]) -> None:
    for some in _portions(outcomes):
        tx.run(_KEEP, _filled(some))


def _given(one: Settlement) -> tuple[Any, ...]:
    return (
        one.task_id, one.claim, one.status, one.retries, one.reason, one.error, one.progress,
        one.metrics, one.peak_memory,
    )  # fmt: skip


def _portions(rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    return (rows[at : at + _ROWS] for at in range(0, len(rows), _ROWS))


def _filled(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """The values of these rows, and of as many empty ones as are missing."""
    values = [value for row in rows for value in row]
    return values + [None] * ((_ROWS - len(rows)) * len(rows[0]))
