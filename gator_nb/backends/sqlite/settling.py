"""What the holder of a claim says: beats, ends of tries, claims given back."""

from collections.abc import Sequence
from typing import NamedTuple

from ...constants import FORCED, MAX_LOSSES
from ...record import Reason
from ...states import CANCELED, FAILED, RETRYING, RUNNING, SUCCESS, TERMINAL, WAITING, Status
from ..base import Answer, Beat, Settlement
from .blobs import own
from .moves import end, fail_dependents, free_dependents
from .rows import AT
from .settling_many import settle_plain
from .sql import Row, sql
from .transaction import Transaction

_STANDING = sql("""
SELECT seq, status, claim, settled, cancel_at, cancel_step, "limit",
    status = $WAITING AND EXISTS (
        SELECT 1 FROM presence WHERE presence.id = task.worker AND NOT gone
    ),
    EXISTS (SELECT 1 FROM dependency WHERE parent = seq)
FROM task WHERE id = ?
""")
_ADOPT = sql("""
UPDATE task SET
    status = $RUNNING, begun = 1, losses = losses - (started IS NOT NULL),
    attempts = attempts + (started IS NULL), started = coalesce(started, ?), version = ?
WHERE seq = ?
""")
_LOSABLE = "SELECT losses + 1, on_lost FROM task WHERE seq = ?"

_SETTLE = """
UPDATE task SET
    status = ?, retries = ?, reason = ?, error = ?, due = coalesce(?, due), finished = ?,
    progress = coalesce(?, progress), metrics = coalesce(?, metrics),
    peak_memory = coalesce(?, peak_memory), settled = claim, version = ?
WHERE seq = ?
"""

_LOSE = "UPDATE task SET losses = losses + 1, alone = 1, begun = ? WHERE seq = ?"

_RELEASE = sql("""
UPDATE task SET
    status = $WAITING, attempts = attempts - 1, started = NULL, begun = 0, settled = claim,
    version = ?
WHERE seq = ?
""")

_BEAT = sql("""
UPDATE task SET
    begun = max(begun, ?), progress = coalesce(?, progress), metrics = coalesce(?, metrics),
    cancel_step = CASE cancel_step WHEN $FORCED THEN cancel_step
        ELSE coalesce(?, cancel_step) END,
    version = ?
WHERE seq = ?
""")

_LOG_END = "SELECT at + length(data) FROM log WHERE seq = ? ORDER BY at DESC LIMIT 1"


_NAMED = 50
"""Settlements of a call after which whoever waits is told what they ended."""


class _Standing(NamedTuple):
    """A task whose claim stands."""

    seq: int
    cancel: Answer | None
    """That was asked for."""
    limited: bool
    awaited: bool
    """Others depend on it."""


def settle(tx: Transaction, settlements: Sequence[Settlement]) -> list[Answer]:
    plain = settle_plain(tx, settlements)
    return [
        Answer.DONE if (one.task_id, one.claim) in plain else _settle(tx, one)
        for one in settlements
    ]


def ended(tx: Transaction, settlements: Sequence[Settlement]) -> list[tuple[Row, bytes | None]]:
    """The tasks that these have ended, dependents among them, with the outcomes that came along;
    none where they are so many that whoever waits had better ask."""
    if len(settlements) > _NAMED:
        return []
    outcomes = {one.task_id: one.outcome for one in settlements}
    return [
        (row, outcomes.get(row[AT["id"]])) for row in tx.changed() if row[AT["status"]] in TERMINAL
    ]


def release(tx: Transaction, claims: Sequence[tuple[str, str]]) -> list[Answer]:
    return [_release(tx, task_id, claim) for task_id, claim in claims]


def save(tx: Transaction, task_id: str, claim: str, data: bytes) -> Answer:
    standing = _held(tx, task_id, claim)
    if isinstance(standing, Answer):
        return Answer.LOST
    seq, cancel = standing.seq, standing.cancel
    tx.run("REPLACE INTO checkpoint (seq, data) VALUES (?, ?)", (seq, data))
    tx.run("UPDATE task SET checkpoint = id, version = ? WHERE seq = ?", (tx.stamp(), seq))
    return Answer.KEPT if cancel is None else cancel


def renew(tx: Transaction, worker: str, beats: Sequence[Beat]) -> list[Answer]:
    tx.run("UPDATE presence SET renewed = ? WHERE id = ? AND NOT gone", (tx.now, worker))
    return [_renew(tx, beat) for beat in beats]


def append_log(tx: Transaction, seq: int, data: bytes) -> None:
    """Add output to the end of a task's log."""
    last = tx.run(_LOG_END, (seq,))
    tx.run(
        "INSERT INTO log (seq, at, data) VALUES (?, ?, ?)", (seq, last[0][0] if last else 0, data)
    )


def _settle(tx: Transaction, settlement: Settlement) -> Answer:
    standing = _held(tx, settlement.task_id, settlement.claim)
    if isinstance(standing, Answer):
        return standing
    seq, cancel, limited, awaited = standing
    status, reason = settlement.status, settlement.reason
    if cancel is not None and (status == RETRYING or settlement.lost):
        status, reason = CANCELED, Reason.CANCELED
    elif settlement.lost:
        status, reason = _lose(tx, seq)
    tx.run(
        _SETTLE,
        (
            status,
            settlement.retries,
            reason,
            settlement.error if status != WAITING else None,
            (settlement.due or tx.now) if status == RETRYING else None,
            tx.now if status in TERMINAL else None,
            settlement.progress,
            settlement.metrics,
            settlement.peak_memory,
            tx.stamp(),
            seq,
        ),
    )
    if settlement.outcome is not None:
        tx.run("REPLACE INTO outcome (seq, data) VALUES (?, ?)", (seq, settlement.outcome))
    if settlement.log:
        append_log(tx, seq, settlement.log)
    if settlement.refs:
        own(tx, seq, settlement.refs, all_of_them=False)
    _tell(tx, seq, status, awaited=awaited)
    if limited:
        tx.topics.add("work")
    return Answer.DONE


def _lose(tx: Transaction, seq: int) -> tuple[Status, str | None]:
    """Count the loss; what becomes of the task."""
    losses, on_lost = tx.run(_LOSABLE, (seq,))[0]
    again = on_lost != "fail" and losses < MAX_LOSSES
    tx.run(_LOSE, (not again, seq))
    return (WAITING, None) if again else (FAILED, Reason.LOST)


def _tell(tx: Transaction, seq: int, status: Status, *, awaited: bool) -> None:
    """Let those that wait for a settled task know."""
    tx.topics.add("news")
    if status in TERMINAL and not awaited:
        return
    if status == SUCCESS:
        free_dependents(tx, seq)
    elif status in (FAILED, CANCELED):
        fail_dependents(tx, [(seq, status)])
    else:
        tx.topics.add("work")


def _release(tx: Transaction, task_id: str, claim: str) -> Answer:
    standing = _held(tx, task_id, claim, adopting=False)
    if isinstance(standing, Answer):
        return standing
    seq, cancel = standing.seq, standing.cancel
    if cancel is not None:
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
    seq, cancel = standing.seq, standing.cancel
    if beat.begun or beat.log or (beat.progress, beat.metrics, beat.cancel_step) != (None,) * 3:
        values = (beat.begun, beat.progress, beat.metrics, beat.cancel_step, tx.stamp(), seq)
        tx.run(_BEAT, values)
        tx.topics.add("news")
    if beat.log:
        append_log(tx, seq, beat.log)
    return Answer.KEPT if cancel is None else cancel


def _held(
    tx: Transaction, task_id: str, claim: str, *, adopting: bool = True
) -> _Standing | Answer:
    """Where the claim stands or the task can be adopted; else what its holder is told."""
    found = tx.run(_STANDING, (task_id,))
    if not found:
        return Answer.LOST
    seq, status, current, settled, cancel_at, step, limit, holder_is_there, awaited = found[0]
    if current != claim or status not in (RUNNING, WAITING) or settled == claim:
        return Answer.DONE if settled == claim else Answer.LOST
    if status == WAITING:
        full = limit is not None and tx.room(limit) < 1
        if full or not adopting or not holder_is_there:
            return Answer.LOST
        tx.run(_ADOPT, (tx.now, tx.stamp(), seq))
        tx.topics.add("news")
    asked = Answer.KILL if step == FORCED else Answer.CANCEL
    return _Standing(seq, None if cancel_at is None else asked, limit is not None, bool(awaited))
