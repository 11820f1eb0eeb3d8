"""How tasks move on without a worker's word: by what they wait for, and by time."""

from collections import deque
from collections.abc import Iterable

from ...constants import PROMOTE_BATCH
from ...record import Reason
from ...states import BLOCKED, CANCELED, FAILED, Status
from .sql import sql
from .transaction import Transaction

Ended = tuple[int, Status]
"""The seq and status of a task that ended without success."""

_END = "UPDATE task SET status = ?, reason = ?, error = ?, finished = ?, version = ? WHERE seq = ?"

_BLOCKED_CHILDREN = sql("""
SELECT child.seq, parent.id, parent.label FROM dependency
JOIN task AS child ON child.seq = dependency.child
JOIN task AS parent ON parent.seq = dependency.parent
WHERE dependency.parent = ? AND child.status = $BLOCKED
""")

_ONE_LESS = sql("""
UPDATE task SET
    open_deps = open_deps - 1,
    status = CASE WHEN held OR open_deps > 1 THEN status ELSE $FREE END,
    version = ?2
WHERE seq = ?3 AND status = $BLOCKED
RETURNING status
""")

_EXPIRED = sql("""
SELECT seq FROM task INDEXED BY expiring
WHERE expires <= ? AND finished IS NULL AND status <> $RUNNING ORDER BY expires, seq LIMIT ?
""")

_DUE = sql("""
SELECT seq FROM task INDEXED BY alarm
WHERE due <= ? AND status BETWEEN $DELAYED AND $RETRYING ORDER BY due LIMIT ?
""")

_READY = sql("UPDATE task SET status = $WAITING, due = NULL, version = ? WHERE seq = ?")


def end(tx: Transaction, seq: int, status: Status, reason: str, error: str | None) -> None:
    """Write how a task ended without success."""
    tx.run(_END, (status, reason, error, tx.now, tx.stamp(), seq))
    tx.topics.add("news")


def free_dependents(tx: Transaction, seq: int) -> None:
    """A task succeeded: those that wait for it have one open dependency less."""
    for (child,) in tx.run("SELECT child FROM dependency WHERE parent = ?", (seq,)):
        for (status,) in tx.run(_ONE_LESS, (tx.now, tx.stamp(), child)):
            if status != BLOCKED:
                tx.topics.add("work")


def fail_dependents(tx: Transaction, ended: Iterable[Ended]) -> None:
    """Fail what waits for these tasks, and what waits for that."""
    open_ends = deque(ended)
    while open_ends:
        parent, status = open_ends.popleft()
        for child, parent_id, label in tx.run(_BLOCKED_CHILDREN, (parent,)):
            end(tx, child, FAILED, Reason.DEPENDENCY, dependency_error(parent_id, label, status))
            open_ends.append((child, FAILED))


def dependency_error(parent_id: str, label: str, status: int) -> str:
    """Why a task failed unstarted."""
    how = "was canceled" if status == CANCELED else "failed"
    return f"depends on {label or 'task'} ({parent_id}), which {how}"


def expire(tx: Transaction, seqs: Iterable[int]) -> None:
    """Fail what was not started in time."""
    for seq in seqs:
        # One that depends on an expired task has failed for that by now.
        if tx.run("SELECT 1 FROM task WHERE seq = ? AND finished IS NULL", (seq,)):
            end(tx, seq, FAILED, Reason.EXPIRED, "was not started before its time was over")
            fail_dependents(tx, [(seq, FAILED)])


def mind_the_time(tx: Transaction) -> None:
    """Fail what has expired and ready what is due, a bounded number of each."""
    expire(tx, [seq for (seq,) in tx.run(_EXPIRED, (tx.now, PROMOTE_BATCH))])
    for (seq,) in tx.run(_DUE, (tx.now, PROMOTE_BATCH)):
        tx.run(_READY, (tx.stamp(), seq))
        tx.topics.add("work")
