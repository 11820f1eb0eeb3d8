"""Claiming tasks."""

import json
from collections import Counter
from collections.abc import Sequence
from functools import cache

import apsw

from ...errors import DependencyError, StoreCorrupt, TaskRunning
from ...record import limit_of
from ...states import RUNNING, TERMINAL, Status
from ..refusals import limit_full
from .moves import expire, mind_the_time
from .rows import AT
from .sql import Row, run, sql
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
SELECT line.id, line.queue, line.lane, line."limit" FROM ready JOIN line ON line.id = ready.line
WHERE line.queue NOT IN (SELECT queue FROM paused)
""")
"""Hops from ready line to ready line along the index, whatever is queued in them."""

_TAKE = sql("""
UPDATE task SET
    status = $RUNNING, attempts = attempts + 1, started = ?1, held = 0, begun = ?2,
    progress = NULL, cancel_step = NULL, due = NULL, claim = lower(hex(randomblob(16))),
    worker = ?3, version = ?4 + taken.key + 1
FROM json_each(?5) AS taken WHERE task.seq = taken.value
RETURNING $FIELDS, (SELECT data FROM envelope WHERE envelope.seq = origin_seq)
""")

_OPEN_PARENT = sql("""
SELECT parent.id, parent.status FROM dependency
JOIN task AS parent ON parent.seq = dependency.parent
WHERE dependency.child = ? AND parent.status <> $SUCCESS LIMIT 1
""")


Ready = dict[int, str]
"""Ready lines by number, and the limit of each; "" for none."""


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
    return _take(tx, _batch(tx, ready[queue], limit), worker)


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
    full = row[AT["limit"]]
    if full is not None and tx.room(full) < 1:
        raise limit_full(task_id, full)
    return _take(tx, [seq], worker)[0]


def _ready_lines(
    tx: Transaction, queues: Sequence[str] | None, lanes: Sequence[str]
) -> dict[str, Ready]:
    """The lines with ready tasks that the worker serves and that have room, by queue."""
    found = _lines_with_tasks(tx.db, queues)
    ready: dict[str, Ready] = {}
    for line, queue, lane, limit in found:
        if lane in lanes and (not limit or tx.room(limit) > 0):
            ready.setdefault(queue, {})[line] = limit
    return ready


def ready_lanes(db: apsw.Connection, queues: Sequence[str] | None) -> set[str]:
    """The lanes with ready tasks."""
    return {lane for _, _, lane, _ in _lines_with_tasks(db, queues)}


def _lines_with_tasks(db: apsw.Connection, queues: Sequence[str] | None) -> list[Row]:
    if queues is None:
        return run(db, _ANY_READY_LINE)
    return run(db, _named(len(queues)), [*queues])


@cache
def _named(queues: int) -> str:
    ready = sql(
        'SELECT id, queue, lane, "limit" FROM line WHERE EXISTS '
        "(SELECT 1 FROM task WHERE task.line = line.id AND status = $WAITING) "
        "AND queue NOT IN (SELECT queue FROM paused) AND queue IN "
    )
    return ready + f"({', '.join('?' * queues)})"


@cache
def _heads(free: int, limited: int) -> str:
    """The first tasks by rank of so many lines; SQLite merges what each index range gives. Of a
    line with a limit no more than there is room for.

    What has expired and is beyond the bound of one call is left to the next.
    """
    head = sql(
        "SELECT rank, seq, alone, line FROM task INDEXED BY ready "
        "WHERE status = $WAITING AND (expires IS NULL OR expires > ?1) AND line = ?"
    )
    each = [f"{head}{number}" for number in range(3, 3 + free)]
    each += [
        f"SELECT * FROM ({head}{number} ORDER BY rank LIMIT ?{number + 1})"  # noqa: S608 -- numbers
        for number in range(3 + free, 3 + free + 2 * limited, 2)
    ]
    return " UNION ALL ".join(each) + " ORDER BY rank LIMIT ?2"


def _batch(tx: Transaction, lines: Ready, limit: int) -> list[int]:
    """What is taken of the heads: up to the first that is alone, or that one by itself."""
    free = [line for line, full in lines.items() if not full]
    rooms = {line: min(limit, tx.room(full)) for line, full in lines.items() if full}
    bounds = [number for pair in rooms.items() for number in pair]
    # What the lines of one limit have together may be passed over.
    most = limit + sum(rooms.values())
    heads = tx.run(_heads(len(free), len(rooms)), [tx.now, most, *free, *bounds])
    seqs: list[int] = []
    begun: Counter[str] = Counter()
    for _, seq, alone, line in heads:
        if line in rooms:
            name, _ = limit_of(lines[line])
            if begun[name] >= rooms[line]:
                continue
            begun[name] += 1
        if alone:
            return seqs or [seq]
        seqs.append(seq)
        if len(seqs) == limit:
            break
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
