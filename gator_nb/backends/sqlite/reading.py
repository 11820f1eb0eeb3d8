"""Reading: records, pages of them, counts, changes, bytes."""

import json
from collections.abc import Sequence
from heapq import nlargest
from typing import Any

import apsw

from ...constants import EVERY
from ...errors import StoreCorrupt, TaskNotFound
from ...states import UNSTARTED, Status
from ..base import Filter
from .rows import AT
from .sql import Row, numbers, run, sql

_LAST = 2**63 - 1

_VERSION = AT["version"]
_SELECT = sql("SELECT $COLUMNS FROM")
_BY_ID = sql("SELECT $COLUMNS FROM task WHERE id = ?")
_BY_SEQ = sql("SELECT $COLUMNS FROM task WHERE seq = ?")

_INDEXED = ("call_key", "group", "name", "worker")
"""Fields with an index of their own in the order of pushing, the most selective first."""

_HELD_BY = sql(
    "SELECT id, claim FROM task INDEXED BY by_status WHERE status = $RUNNING AND worker = ?"
)
_ENVELOPES = """
SELECT task.id, data FROM json_each(?) AS asked JOIN task ON task.id = asked.value
JOIN envelope ON envelope.seq = task.origin_seq
"""
_OUTCOMES = """
SELECT task.id, data FROM json_each(?) AS asked JOIN task ON task.id = asked.value
JOIN outcome ON outcome.seq = task.seq
"""

_NEXT_DUE = sql("""
SELECT min(due) FROM task INDEXED BY alarm WHERE status BETWEEN $DELAYED AND $RETRYING
UNION ALL
SELECT * FROM (
    SELECT expires FROM task INDEXED BY expiring
    WHERE expires IS NOT NULL AND finished IS NULL AND status <> $RUNNING
    ORDER BY expires LIMIT 1
)
""")

_COUNTS = """
SELECT line.queue, counter.id & 7, sum(counter.n)
FROM counter JOIN line ON line.id = counter.id >> 3
WHERE counter.n > 0 GROUP BY 1, 2
"""


def get(db: apsw.Connection, ids: Sequence[str]) -> list[Row | None]:
    found = [run(db, _BY_ID, (task_id,)) for task_id in ids]
    return [rows[0] if rows else None for rows in found]


def envelope(db: apsw.Connection, task_id: str) -> bytes:
    data = _bytes_of(
        db,
        "SELECT data FROM task LEFT JOIN envelope ON envelope.seq = origin_seq WHERE id = ?",
        task_id,
    )
    if data is None:
        raise StoreCorrupt(f"the envelope of task {task_id} is missing; verify() tells more")
    return data


def outcome(db: apsw.Connection, task_id: str) -> bytes | None:
    return _bytes_of(
        db, "SELECT data FROM task LEFT JOIN outcome USING (seq) WHERE id = ?", task_id
    )


def envelopes(db: apsw.Connection, ids: Sequence[str]) -> dict[str, bytes]:
    return dict(run(db, _ENVELOPES, (json.dumps(list(ids)),)))  # type: ignore[arg-type]  # pairs


def outcomes(db: apsw.Connection, ids: Sequence[str]) -> dict[str, bytes]:
    return dict(run(db, _OUTCOMES, (json.dumps(list(ids)),)))  # type: ignore[arg-type]  # pairs


def held(db: apsw.Connection, worker: str) -> list[tuple[str, str]]:
    return [(task_id, claim) for task_id, claim in run(db, _HELD_BY, (worker,))]


def saved(db: apsw.Connection, task_id: str) -> bytes | None:
    return _bytes_of(
        db,
        "SELECT data FROM task LEFT JOIN task AS held ON held.id = task.checkpoint "
        "LEFT JOIN checkpoint ON checkpoint.seq = held.seq WHERE task.id = ?",
        task_id,
    )


def log(db: apsw.Connection, task_id: str, start: int) -> bytes:
    seq = _seq_of(db, task_id)
    pieces = run(
        db,
        "SELECT at, data FROM log WHERE seq = ? AND at + length(data) > ? ORDER BY at",
        (seq, start),
    )
    return b"".join(data[max(0, start - at) :] for at, data in pieces)


def page(db: apsw.Connection, where: Filter, limit: int, after: int | None) -> list[Row]:
    """Up to `limit` rows below `after`, newest first."""
    below = _LAST if after is None else after
    indexed = next((field for field in _INDEXED if getattr(where, field) is not None), None)
    selective = indexed is not None or where.tag is not None or where.session is not None
    if not selective and (where.status is not None or where.queue is not None):
        return _page_by_status(db, where, limit, below)
    return _page_by_field(db, where, indexed, limit, below)


def counts(db: apsw.Connection) -> dict[str, dict[Status, int]]:
    answer: dict[str, dict[Status, int]] = {}
    for queue, status, n in run(db, _COUNTS):
        answer.setdefault(queue, {})[Status(status)] = n
    return answer


def paused(db: apsw.Connection) -> set[str]:
    return {queue for (queue,) in run(db, "SELECT queue FROM paused")}


def size(db: apsw.Connection) -> int:
    """Bytes of the file, as far as it is not in its log."""
    ((pages, bytes_each),) = run(db, "SELECT * FROM pragma_page_count, pragma_page_size")
    return int(pages) * int(bytes_each)


def length(db: apsw.Connection, queue: str) -> int:
    return sum(
        n
        for name, by_status in counts(db).items()
        for status, n in by_status.items()
        if status in UNSTARTED and queue in (EVERY, name)
    )


def changes(db: apsw.Connection, cursor: int | None, limit: int) -> tuple[list[Row], int, bool]:
    """Rows, the next cursor, and whether to list anew."""
    ((version, floor),) = run(db, "SELECT version, floor FROM store")
    if cursor is None or not floor <= cursor <= version:
        return [], version, True
    rows = run(
        db,
        sql("SELECT $COLUMNS FROM task WHERE version > ? ORDER BY version LIMIT ?"),
        (cursor, limit),
    )
    return rows, (rows[-1][_VERSION] if len(rows) == limit else version), False


def next_due(db: apsw.Connection) -> float | None:
    times = [time for (time,) in run(db, _NEXT_DUE) if time is not None]
    return min(times, default=None)


def _page_by_status(db: apsw.Connection, where: Filter, limit: int, below: int) -> list[Row]:
    """Merge what each (status, line) has: every one of them is in the order of pushing."""
    found = run(
        db,
        "SELECT counter.id & 7, line.id FROM counter JOIN line ON line.id = counter.id >> 3 "
        "WHERE counter.n > 0 AND (?1 IS NULL OR line.queue = ?1)",
        (where.queue,),
    )
    heads = [
        seq
        for status, line in found
        if where.status is None or status in where.status
        for (seq,) in run(
            db,
            "SELECT seq FROM task WHERE status = ? AND line = ? AND seq < ? "
            "ORDER BY seq DESC LIMIT ?",
            (status, line, below, limit),
        )
    ]
    return [row for seq in nlargest(limit, heads) for row in run(db, _BY_SEQ, (seq,))]


def _page_by_field(
    db: apsw.Connection, where: Filter, indexed: str | None, limit: int, below: int
) -> list[Row]:
    """Walk one index, in the order of pushing, and test every other field on the way."""
    source, seq = "task", "task.seq"
    tests: list[str] = []
    values: list[Any] = []
    if where.tag is not None and indexed is None:
        source, seq = "tag CROSS JOIN task ON task.seq = tag.seq", "tag.seq"
        tests.append("tag.tag = ?")
        values.append(where.tag)
    elif where.tag is not None:
        tests.append("EXISTS (SELECT 1 FROM tag WHERE tag.tag = ? AND tag.seq = task.seq)")
        values.append(where.tag)
    for field in ("queue", "session", *_INDEXED):
        value = getattr(where, field)
        if value is not None:
            # A plus keeps SQLite off an index that would have to be sorted.
            tests.append(f'{"" if field == indexed else "+"}task."{field}" = ?')
            values.append(value)
    if where.status is not None:
        tests.append(f"+task.status IN {numbers(where.status)}")
    parts = (_SELECT, source, "WHERE", " AND ".join([*tests, f"{seq} < ?"]))
    statement = " ".join([*parts, f"ORDER BY {seq} DESC LIMIT ?"])
    return run(db, statement, (*values, below, limit))


def _seq_of(db: apsw.Connection, task_id: str) -> int:
    found = run(db, "SELECT seq FROM task WHERE id = ?", (task_id,))
    if not found:
        raise TaskNotFound(f"the store has no task {task_id}")
    return int(found[0][0])


def _bytes_of(db: apsw.Connection, sql: str, task_id: str) -> bytes | None:
    found = run(db, sql, (task_id,))
    if not found:
        raise TaskNotFound(f"the store has no task {task_id}")
    data: bytes | None = found[0][0]
    return data
