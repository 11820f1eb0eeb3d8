"""Who is there, and taking claims from those that are not."""

import json
from typing import NamedTuple

import apsw

from ...constants import MAX_LOSSES, NAMES_KEPT
from ...errors import StoreCorrupt
from ...record import Reason
from ...states import CANCELED, FAILED
from ..base import Presence
from .moves import end, fail_dependents, mind_the_time
from .sql import Row, run, sql
from .transaction import Transaction

_REGISTER = """
INSERT INTO presence (id, started, renewed, lease, kernel, gone, data) VALUES (?, ?, ?, ?, ?, 0, ?)
ON CONFLICT (id) DO UPDATE SET started = excluded.started, renewed = excluded.renewed,
    lease = excluded.lease, kernel = excluded.kernel, gone = 0, data = excluded.data
"""

_HOLDERS = sql("""
SELECT task.seq, task.begun, task.losses, task.on_lost, task.cancel_at, task.worker,
    presence.renewed, presence.lease, coalesce(presence.kernel, 0), coalesce(presence.gone, 1)
FROM task LEFT JOIN presence ON presence.id = task.worker
WHERE task.status = $RUNNING ORDER BY task.seq
""")

_TAKE_BACK = sql("""
UPDATE task SET
    status = $WAITING, alone = 1, begun = 0,
    losses = losses + begun, attempts = attempts - (1 - begun),
    started = CASE WHEN begun THEN started END, version = ?
WHERE seq = ?
""")


_DROP_GONE = sql("""
DELETE FROM presence WHERE gone
AND id NOT IN (SELECT worker FROM task WHERE status = $RUNNING AND worker IS NOT NULL)
AND id NOT IN (
    SELECT id FROM presence WHERE gone AND data ->> 2 <> ''
    ORDER BY renewed DESC, rowid DESC LIMIT ?
)
""")


def register(tx: Transaction, presence: Presence) -> None:
    renewed = presence._replace(renewed=tx.now)
    values = (renewed.id, renewed.started, renewed.renewed, renewed.lease, renewed.kernel)
    tx.run(_REGISTER, (*values, json.dumps(renewed)))


def unregister(tx: Transaction, presence_id: str) -> None:
    tx.run("UPDATE presence SET gone = 1, renewed = ? WHERE id = ?", (tx.now, presence_id))
    _drop_gone(tx)


def registered(db: apsw.Connection) -> list[Row]:
    """id, renewal and data of everyone, oldest first."""
    return run(db, "SELECT id, renewed, data FROM presence WHERE NOT gone ORDER BY started, rowid")


def names(db: apsw.Connection) -> dict[str, str]:
    """The name by id of everyone that has one, those included that have left."""
    rows = run(db, "SELECT id, data ->> 2 FROM presence WHERE data ->> 2 <> ''")
    return {str(presence_id): str(name) for presence_id, name in rows}


def decode_presence(presence_id: str, renewed: float, data: str) -> Presence:
    try:
        known = Presence.of(json.loads(data))
    except (TypeError, ValueError) as error:
        raise StoreCorrupt(
            f"the presence {presence_id} is not what gator_nb writes ({error})"
        ) from error
    return known._replace(renewed=renewed)


class Fates(NamedTuple):
    """Presences of which more is known than their leases tell."""

    dead: frozenset[str]
    living: frozenset[str]


def reap(tx: Transaction, known: Fates, connected: float) -> list[Row]:
    """`connected` is since when leases have been watched here."""
    mind_the_time(tx)
    lost = [
        holder
        for holder in tx.run(_HOLDERS)
        if holder[5] in known.dead
        or holder[9]
        or (holder[5] not in known.living and _lease_ended(tx.now, connected, *holder[6:8]))
    ]
    for seq, begun, losses, on_lost, cancel_at, worker, *_, kernel, _ in lost:
        if cancel_at is not None:
            text = f"worker {worker} was lost, stop unconfirmed"
            end(tx, seq, CANCELED, Reason.UNCONFIRMED, text)
            fail_dependents(tx, [(seq, CANCELED)])
            continue
        tx.run(_TAKE_BACK, (tx.stamp(), seq))
        if begun and (losses + 1 >= MAX_LOSSES or (on_lost or _default(kernel)) == "fail"):
            text = f"worker {worker} died while the task ran ({losses + 1} lost)"
            end(tx, seq, FAILED, Reason.LOST, text)
            fail_dependents(tx, [(seq, FAILED)])
    if lost:
        tx.topics.add("work")
        _drop_gone(tx)
    return [tx.row(seq) for seq, *_ in lost]


def _lease_ended(now: float, connected: float, renewed: float, lease: float) -> bool:
    return now - max(renewed, connected) >= lease


def _default(kernel: int) -> str:
    return "fail" if kernel else "retry"


def _drop_gone(tx: Transaction) -> None:
    """Forget those that have unregistered and hold nothing any more, save the names of a few."""
    tx.run(_DROP_GONE, (NAMES_KEPT,))
