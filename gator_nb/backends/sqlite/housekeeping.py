"""Removing tasks."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

import apsw

from ...constants import EVERY
from ...record import Reason
from ...states import FAILED
from .moves import end, fail_dependents
from .sql import Row, sql
from .transaction import Transaction

_ENDED = """
SELECT seq, queue, name, "group" FROM task
WHERE finished < ? AND finished + coalesce(keep, 0) <= ? ORDER BY finished, seq
"""

_CHOSEN = """
SELECT seq, queue, name, "group" FROM task WHERE seq IN (SELECT value FROM json_each(?))
"""

_NEWER_OF_NAME = "SELECT 1 FROM task WHERE name = ? AND +queue = ? AND seq > ? LIMIT 1"

_NEEDED = sql("""
SELECT 1 FROM dependency JOIN task ON task.seq = dependency.child
WHERE dependency.parent = ? AND task.status NOT IN $TERMINAL LIMIT 1
""")

_GROUP_KEPT = sql("""
SELECT 1 FROM task WHERE "group" = ?1 AND (
    +status NOT IN $TERMINAL
    OR name IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM task AS newer
        WHERE newer.name = task.name AND newer.queue = task.queue AND newer.seq > task.seq
    )
) LIMIT 1
""")
"""Whether a group has an unfinished task, or the newest of a name."""

_ORPHANED = sql("""
SELECT child.seq, parent.id FROM task AS parent
JOIN dependency ON dependency.parent = parent.seq
JOIN task AS child ON child.seq = dependency.child
WHERE parent.status IN $NOT_SUCCESS AND parent.line IN (SELECT value FROM json_each(?1))
    AND child.status = $BLOCKED AND child.line NOT IN (SELECT value FROM json_each(?1))
""")
"""Tasks of other queues that wait for one of these lines."""

_DROP = sql("DELETE FROM task WHERE status IN $ANY AND line = ?")


def forgettable(db: apsw.Connection, before: float, now: float, limit: int) -> list[int]:
    """Up to `limit` tasks that ended before a time and that nothing asks to keep, oldest first."""
    with closing(db.execute(_ENDED, (before, now))) as ended:
        return list(islice(_free_to_go(db, ended), limit))


def forget(tx: Transaction, chosen: Sequence[int]) -> int:
    """Remove those of `chosen` that nothing asks to keep by now."""
    still = list(_free_to_go(tx.db, tx.run(_CHOSEN, (json.dumps(chosen),))))
    for seq in still:
        tx.run("DELETE FROM task WHERE seq = ?", (seq,))
    if still:
        tx.raise_floor()
    return len(still)


def drop_all(tx: Transaction, queue: str) -> None:
    lines = [line for line, name in tx.run("SELECT id, queue FROM line") if queue in (EVERY, name)]
    for seq, parent_id in tx.run(_ORPHANED, (json.dumps(lines),)):
        end(tx, seq, FAILED, Reason.DEPENDENCY, f"depends on task {parent_id}, which was removed")
        fail_dependents(tx, [(seq, FAILED)])
    for line in lines:
        tx.run(_DROP, (line,))
    tx.raise_floor()
    tx.topics.update(("work", "news"))


def _free_to_go(db: apsw.Connection, ended: Iterable[Row]) -> Iterator[int]:
    """Those of the (seq, queue, name, group) that no rule keeps."""
    kept_groups: dict[str, bool] = {}
    for seq, queue, name, group in ended:
        if name is not None and not _any(db, _NEWER_OF_NAME, (name, queue, seq)):
            continue
        if group is not None and group not in kept_groups:
            kept_groups[group] = _any(db, _GROUP_KEPT, (group,))
        if group is not None and kept_groups[group]:
            continue
        if not _any(db, _NEEDED, (seq,)):
            yield seq


def _any(db: apsw.Connection, sql: str, values: tuple[Any, ...]) -> bool:
    return bool(db.execute(sql, values).fetchall())
