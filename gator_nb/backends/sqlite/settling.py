"""What the holder of a claim says: beats, ends of tries, claims given back."""

from collections.abc import Sequence

from ...record import Reason
from ...states import CANCELED, FAILED, RETRYING, RUNNING, SUCCESS, TERMINAL, Status
from ..base import Answer, Beat, Settlement
from .moves import end, fail_dependents, free_dependents
from .sql import sql
from .transaction import Transaction

_STANDING = "SELECT seq, status, claim, settled, cancel_at FROM task WHERE id = ?"

_SETTLE = """
UPDATE task SET
    status = ?, retries = ?, reason = ?, error = ?, due = coalesce(?, due), finished = ?,
    progress = coalesce(?, progress), metrics = coalesce(?, metrics),
    settled = claim, version = ?
WHERE seq = ?
"""

_RELEASE = sql("""
UPDATE task SET
    status = $WAITING, attempts = attempts - 1, started = NULL, begun = 0, settled = claim,
    version = ?
WHERE seq = ?
""")

_BEAT = """
UPDATE task SET
    begun = max(begun, ?), progress = coalesce(?, progress), metrics = coalesce(?, metrics),
    cancel_step = coalesce(?, cancel_step), version = ?
WHERE seq = ?
"""

_LOG_END = "SELECT at + length(data) FROM log WHERE seq = ? ORDER BY at DESC LIMIT 1"


def settle(tx: Transaction, settlements: Sequence[Settlement]) -> list[Answer]:
    return [_settle(tx, settlement) for settlement in settlements]


def release(tx: Transaction, claims: Sequence[tuple[str, str]]) -> list[Answer]:
    return [_release(tx, task_id, claim) for task_id, claim in claims]


def renew(tx: Transaction, worker: str, beats: Sequence[Beat]) -> list[Answer]:
    tx.run("UPDATE presence SET renewed = ? WHERE id = ? AND NOT gone", (tx.now, worker))
    return [_renew(tx, beat) for beat in beats]


def append_log(tx: Transaction, seq: int, data: bytes) -> None:
    """Add output to the end of a task's log."""
    last = tx.run(
        "SELECT at + length(data) FROM log WHERE seq = ? ORDER BY at DESC LIMIT 1", (seq,)
    )
    tx.run(
        "INSERT INTO log (seq, at, data) VALUES (?, ?, ?)", (seq, last[0][0] if last else 0, data)
    )


def _settle(tx: Transaction, settlement: Settlement) -> Answer:
    standing = _held(tx, settlement.task_id, settlement.claim)
    if isinstance(standing, Answer):
        return standing
    seq, canceled = standing
    status, reason = settlement.status, settlement.reason
    if status == RETRYING and canceled:
        status, reason = CANCELED, Reason.CANCELED
    tx.run(
        _SETTLE,
        (
            status,
            settlement.retries,
            reason,
            settlement.error,
            (settlement.due or tx.now) if status == RETRYING else None,
            tx.now if status in TERMINAL else None,
            settlement.progress,
            settlement.metrics,
            tx.stamp(),
            seq,
        ),
    )
    if settlement.outcome is not None:
        tx.run("REPLACE INTO outcome (seq, data) VALUES (?, ?)", (seq, settlement.outcome))
    if settlement.log:
        append_log(tx, seq, settlement.log)
    _tell(tx, seq, status)
    return Answer.DONE


def _tell(tx: Transaction, seq: int, status: Status) -> None:
    """Let those that wait for a settled task know."""
    tx.topics.add("news")
    if status == SUCCESS:
        free_dependents(tx, seq)
    elif status in (FAILED, CANCELED):
        fail_dependents(tx, [(seq, status)])
    else:
        tx.topics.add("work")


def _release(tx: Transaction, task_id: str, claim: str) -> Answer:
    standing = _held(tx, task_id, claim)
    if isinstance(standing, Answer):
        return standing
    seq, canceled = standing
    if canceled:
        tx.run("UPDATE task SET settled = claim WHERE seq = ?", (seq,))
        end(tx, seq, CANCELED, Reason.CANCELED, None)
        fail_dependents(tx, [(seq, CANCELED)])
    else:
        tx.run(_RELEASE, (tx.stamp(), seq))
        tx.topics.add("work")
    return Answer.DONE


def _renew(tx: Transaction, beat: Beat) -> Answer:
    standing = _held(tx, beat.task_id, beat.claim)
    if isinstance(standing, Answer):
        return Answer.LOST
    seq, canceled = standing
    if beat.begun or beat.log or (beat.progress, beat.metrics, beat.cancel_step) != (None,) * 3:
        values = (beat.begun, beat.progress, beat.metrics, beat.cancel_step, tx.stamp(), seq)
        tx.run(_BEAT, values)
        tx.topics.add("news")
    if beat.log:
        append_log(tx, seq, beat.log)
    return Answer.CANCEL if canceled else Answer.KEPT


def _held(tx: Transaction, task_id: str, claim: str) -> tuple[int, bool] | Answer:
    """seq and whether a cancel was asked, where the claim stands; else what its holder is told."""
    found = tx.run(_STANDING, (task_id,))
    if not found:
        return Answer.LOST
    seq, status, current, settled, cancel_at = found[0]
    if status == RUNNING and current == claim:
        return seq, cancel_at is not None
    return Answer.DONE if settled == claim else Answer.LOST
