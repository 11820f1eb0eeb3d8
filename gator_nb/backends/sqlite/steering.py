"""What people ask of tasks and queues: cancel, pause, hold, let go on."""

import json
from collections.abc import Iterable

from ...constants import FORCED
from ...record import Reason
from ...states import CANCELED, RUNNING, UNSTARTED
from .moves import Ended, fail_dependents
from .rows import AT
from .sql import Row, sql
from .transaction import Transaction

_CANCEL = sql("""
UPDATE task SET
    status = $CANCELED, finished = ?1, cancel_at = ?1, cancel_by = ?2,
    reason = ?3, error = 'canceled by ' || ?2, version = ?4
WHERE seq = ?5
""")

_ASK = """
UPDATE task SET
    cancel_at = coalesce(cancel_at, ?1), cancel_by = coalesce(cancel_by, ?2),
    cancel_step = coalesce(?3, cancel_step), version = ?4
WHERE seq = ?5
"""

_OF_OTHERS = sql("""
SELECT task.seq FROM line JOIN task ON task.line = line.id AND task.status IN $UNSTARTED
WHERE line.queue = ? AND NOT held
AND session IS NOT NULL AND session NOT IN (SELECT value FROM json_each(?))
""")

_HOLD = sql("UPDATE task SET held = 1, status = $BLOCKED, version = ? WHERE seq = ?")

_HELD = sql("SELECT seq FROM task WHERE status = $BLOCKED AND line = ? AND held")

_LET_GO = sql("""
UPDATE task SET
    held = 0,
    status = CASE WHEN open_deps > 0 THEN status ELSE $FREE END,
    version = ?2
WHERE seq = ?3
""")


def cancel(
    tx: Transaction, ids: Iterable[str], by: str, *, force: bool, unstarted_only: bool
) -> list[Row]:
    rows = [tx.find(task_id) for task_id in ids]
    canceled: list[Ended] = []
    for row in {row[AT["seq"]]: row for row in rows}.values():
        seq, status = row[AT["seq"]], row[AT["status"]]
        if status in UNSTARTED:
            tx.run(_CANCEL, (tx.now, by, Reason.CANCELED, tx.stamp(), seq))
            tx.topics.add("news")
            canceled.append((seq, CANCELED))
        elif unstarted_only:
            continue
        elif status == RUNNING and (force or row[AT["cancel_at"]] is None):
            tx.run(_ASK, (tx.now, by, FORCED if force else None, tx.stamp(), seq))
            tx.topics.add("work")
    # Only now: of two that were canceled together, neither fails because of the other.
    fail_dependents(tx, canceled)
    return [tx.row(row[AT["seq"]]) for row in rows]


def pause(tx: Transaction, queue: str, *, on: bool) -> None:
    if on:
        tx.run("INSERT OR IGNORE INTO paused (queue) VALUES (?)", (queue,))
    else:
        tx.run("DELETE FROM paused WHERE queue = ?", (queue,))
        tx.topics.add("work")


def hold(tx: Transaction, queue: str, spared: Iterable[str]) -> int:
    held = [seq for (seq,) in tx.run(_OF_OTHERS, (queue, json.dumps(list(spared))))]
    for seq in held:
        tx.run(_HOLD, (tx.stamp(), seq))
    return len(held)


def unhold(tx: Transaction, queue: str) -> int:
    lines = tx.run("SELECT id FROM line WHERE queue = ?", (queue,))
    held = [seq for (line,) in lines for (seq,) in tx.run(_HELD, (line,))]
    for seq in held:
        tx.run(_LET_GO, (tx.now, tx.stamp(), seq))
    if held:
        tx.topics.add("work")
    return len(held)
