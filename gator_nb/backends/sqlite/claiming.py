"""Claiming tasks."""

import json
from collections.abc import Sequence
from functools import cache

from ...errors import DependencyError, StoreCorrupt, TaskRunning
from ...states import RUNNING, TERMINAL, Status
from .moves import expire, mind_the_time
from .rows import AT
from .sql import Row, sql
from .transaction import Transaction

Taken = tuple[Row, bytes]
"""The row of a claimed task and its envelope."""

_ANY_READY_LINE = sql("""
WITH RECURSIVE ready (line) AS (
    SELECT (SELECT line FROM task WHERE status = $WAITING ORDER BY line LIMIT 1)
    UNION ALL
    SELECT (
        SELECT line FROM task WHERE status = $WAITING AND line > ready.line ORDER BY line LIMIT 1
    ) FROM ready WHERE ready.line IS NOT NULL
)
SELECT line.id, line.queue, line.lane FROM ready JOIN line ON line.id = ready.line
""")
"""Hops from ready line to ready line along the index, whatever is queued in them."""

_TAKE = sql("""
UPDATE task SET
    status = $RUNNING, attempts = attempts + 1, started = ?1, held = 0, begun = ?2,
    progress = NULL, due = NULL, claim = lower(hex(randomblob(16))), worker = ?3,
    version = ?4 + taken.key + 1
FROM json_each(?5) AS taken WHERE task.seq = taken.value
RETURNING $FIELDS, (SELECT data FROM envelope WHERE envelope.seq = origin_seq)
""")

_OPEN_PARENT = sql("""
SELECT parent.id, parent.status FROM dependency
JOIN task AS parent ON parent.seq = dependency.parent
WHERE dependency.child = ? AND parent.status <> $SUCCESS LIMIT 1
""")


class Turns:
    """Which queue each worker was last served from."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}

    def next(self, worker: str, queues: Sequence[str]) -> str:
        """The next queue of these after the worker's last, round and round by name."""
        last = self._last.get(worker, "")
        return min((queue for queue in queues if queue > last), default=min(queues))

    def served(self, worker: str, queue: str) -> None:
        self._last[worker] = queue

    def forget(self, worker: str) -> None:
        self._last.pop(worker, None)


def claim(
    tx: Transaction,
    turns: Turns,
    worker: str,
    queues: Sequence[str] | None,
    lanes: Sequence[str],
    limit: int,
) -> list[Taken]:
    mind_the_time(tx)
    ready = _ready_lines(tx, queues, lanes)
    if not ready or limit < 1:
        return []
    queue = turns.next(worker, list(ready))
    turns.served(worker, queue)
    heads = tx.run(_heads(len(ready[queue])), [tx.now, limit, *ready[queue]])
    return _take(tx, _batch(heads), worker)


def claim_task(tx: Transaction, worker: str, task_id: str) -> tuple[Row, bytes | None]:
    """The row, and the envelope when it could be claimed: None for a task that has ended."""
    row = tx.find(task_id)
    status, seq = row[AT["status"]], row[AT["seq"]]
    if status in TERMINAL:
        return row, None
    if status == RUNNING:
        raise TaskRunning(f"task {task_id} is running on worker {row[AT['worker']]}")
    expires = row[AT["expires"]]
    if expires is not None and expires <= tx.now:
        expire(tx, [seq])
        return tx.row(seq), None
    if row[AT["open_deps"]]:
        _name_open_parent(tx, task_id, seq)
    return _take(tx, [seq], worker)[0]


def _ready_lines(
    tx: Transaction, queues: Sequence[str] | None, lanes: Sequence[str]
) -> dict[str, list[int]]:
    """The lines with ready tasks that the worker serves, by queue."""
    found = tx.run(_ANY_READY_LINE) if queues is None else tx.run(_named(len(queues)), [*queues])
    ready: dict[str, list[int]] = {}
    for line, queue, lane in found:
        if lane in lanes:
            ready.setdefault(queue, []).append(line)
    return ready


@cache
def _named(queues: int) -> str:
    ready = sql(
        "SELECT id, queue, lane FROM line WHERE EXISTS "
        "(SELECT 1 FROM task WHERE task.line = line.id AND status = $WAITING) AND queue IN "
    )
    return ready + f"({', '.join('?' * queues)})"


@cache
def _heads(lines: int) -> str:
    """The first tasks by rank of so many lines; SQLite merges what each index range gives.

    What has expired and is beyond the bound of one call is left to the next.
    """
    head = sql(
        "SELECT rank, seq, alone FROM task INDEXED BY ready "
        "WHERE status = $WAITING AND (expires IS NULL OR expires > ?1) AND line = ?"
    )
    each = [f"{head}{number}" for number in range(3, 3 + lines)]
    return " UNION ALL ".join(each) + " ORDER BY rank LIMIT ?2"


def _batch(heads: Sequence[Row]) -> list[int]:
    """What is taken of the heads: up to the first that is alone, or that one by itself."""
    seqs: list[int] = []
    for _, seq, alone in heads:
        if alone:
            return seqs or [seq]
        seqs.append(seq)
    return seqs


def _take(tx: Transaction, seqs: Sequence[int], worker: str) -> list[Taken]:
    """Claim these, in this order."""
    alone = len(seqs) == 1
    values = (tx.now, alone, worker, tx.stamps(len(seqs)), json.dumps(seqs))
    taken = [(row, envelope) for *row, envelope in tx.run(_TAKE, values)]
    for row, envelope in taken:
        if envelope is None:
            raise StoreCorrupt(
                f"the envelope of task {row[AT['id']]} is missing; verify() tells more"
            )
    return sorted(taken, key=_by_version)


def _by_version(taken: Taken) -> int:
    version: int = taken[0][AT["version"]]
    return version


def _name_open_parent(tx: Transaction, task_id: str, seq: int) -> None:
    for parent_id, status in tx.run(_OPEN_PARENT, (seq,)):
        raise DependencyError(
            f"task {task_id} cannot run yet: it depends on task {parent_id}, "
            f"which is {Status(status)}"
        )
    raise StoreCorrupt(f"task {task_id} waits for tasks that are not there; verify() tells more")
