"""Storing tasks."""

import os
from collections.abc import Sequence
from typing import Any

from ...errors import DependencyError, TaskExists, TaskNotFound
from ...record import Reason, Record, rank_of
from ...states import BLOCKED, CANCELED, DELAYED, FAILED, RUNNING, SUCCESS, WAITING, Status
from ..base import Push
from ..refusals import limit_full
from .blobs import own
from .moves import dependency_error
from .rows import AT, encode
from .sql import Row, sql
from .transaction import Transaction

_INSERT = sql("""
INSERT INTO task ($FIELDS, line, origin_seq) VALUES ($MARKS, ?, ?)
""")

_REUSABLE = sql("""
SELECT $COLUMNS FROM task
WHERE call_key = ? AND +queue = ? AND +status NOT IN ($FAILED, $CANCELED)
ORDER BY seq DESC LIMIT 1
""")

_ORIGIN = """
SELECT seq FROM task WHERE id = ?1 AND origin_seq = seq
UNION ALL SELECT origin_seq FROM task WHERE origin = ?1 AND origin_seq <> seq
LIMIT 1
"""
"""The origin of a retry may have been forgotten; its envelope is kept as long as a retry is."""


class Prepared:
    """A push with everything done that needs no store."""

    __slots__ = ("depends_on", "push", "row")

    def __init__(self, push: Push) -> None:
        self.push = push
        self.row: list[Any] = encode(push.record)
        self.depends_on = tuple(dict.fromkeys(push.record.depends_on))


def put(tx: Transaction, pushes: Sequence[Prepared], claimed_by: str | None) -> list[Row]:
    return [_answered(tx, prepared) or _stored(tx, prepared, claimed_by) for prepared in pushes]


def _answered(tx: Transaction, prepared: Prepared) -> Row | None:
    """The task that is there already and answers the push."""
    push = prepared.push
    known = tx.known(push.record.id)
    if known is not None:
        _demand_same_call(tx, known, push)
        return known
    if push.reuse and push.record.call_key is not None:
        fitting = tx.run(_REUSABLE, (push.record.call_key, push.record.queue))
        return fitting[0] if fitting else None
    return None


def _demand_same_call(tx: Transaction, known: Row, push: Push) -> None:
    record = push.record
    if record.call_key is not None and known[AT["call_key"]] == record.call_key:
        return
    if push.envelope is None:
        same = known[AT["origin"]] == record.origin
    else:
        same = bool(
            tx.run(
                "SELECT 1 FROM task JOIN envelope ON envelope.seq = task.origin_seq "
                "WHERE task.id = ? AND envelope.data = ?",
                (record.id, push.envelope),
            )
        )
    if not same:
        raise TaskExists(
            f"task {record.id} is there already for another call: {_difference(known, record)}; "
            "give this one another task_id, or none"
        )


def _difference(known: Row, record: Record) -> str:
    for field, word in (("label", "function"), ("queue", "queue"), ("lane", "lane")):
        there, here = known[AT[field]], getattr(record, field)
        if there != here:
            return f"its {word} is {there} there and {here} here"
    return "its code, arguments or captured values differ"


def _stored(tx: Transaction, prepared: Prepared, claimed_by: str | None) -> Row:
    record, row = prepared.push.record, prepared.row
    line = tx.line(record.queue, record.lane, record.limit or "")
    parents = _parents(tx, prepared)
    seq = tx.next_seq()
    row[AT["seq"]] = seq
    row[AT["rank"]] = rank_of(record.priority, seq)
    row[AT["created"]] = tx.now
    row[AT["version"]] = tx.stamp()
    row[AT["open_deps"]] = sum(status != SUCCESS for _, _, status, _ in parents)
    _set_status(tx, row, parents, claimed_by)
    tx.run(_INSERT, [*row, line, _origin_seq(tx, prepared.push, seq)])
    if prepared.push.envelope is not None:
        tx.run("INSERT INTO envelope (seq, data) VALUES (?, ?)", (seq, prepared.push.envelope))
    if record.refs:
        own(tx, seq, record.refs, all_of_them=True)
    for parent, *_ in parents:
        tx.run("INSERT INTO dependency (parent, child) VALUES (?, ?)", (parent, seq))
    return row


def _set_status(
    tx: Transaction, row: list[Any], parents: Sequence[Row], claimed_by: str | None
) -> None:
    failed = [parent for parent in parents if parent[2] in (FAILED, CANCELED)]
    if failed:
        _, parent_id, status, label = failed[0]
        row[AT["status"]] = FAILED
        row[AT["reason"]] = Reason.DEPENDENCY
        row[AT["error"]] = dependency_error(parent_id, label, status)
        row[AT["finished"]] = tx.now
        tx.topics.add("news")
    elif claimed_by is not None:
        _claim(tx, row, parents, claimed_by)
    elif row[AT["held"]] or row[AT["open_deps"]]:
        row[AT["status"]] = BLOCKED
    else:
        due = row[AT["due"]]
        row[AT["status"]] = DELAYED if due is not None and due > tx.now else WAITING
        tx.topics.add("work")


def _claim(tx: Transaction, row: list[Any], parents: Sequence[Row], worker: str) -> None:
    for _, parent_id, status, _ in parents:
        if status != SUCCESS:
            raise DependencyError(
                f"task {row[AT['id']]} cannot run yet: it depends on task {parent_id}, "
                f"which is {Status(status)}"
            )
    limit = row[AT["limit"]]
    if limit is not None and tx.room(limit) < 1:
        raise limit_full(row[AT["id"]], limit)
    row[AT["status"]] = RUNNING
    row[AT["attempts"]] += 1
    row[AT["started"]] = tx.now
    row[AT["begun"]] = True
    row[AT["held"]] = False
    row[AT["due"]] = None
    row[AT["claim"]] = os.urandom(16).hex()
    row[AT["worker"]] = worker


def _parents(tx: Transaction, prepared: Prepared) -> list[Row]:
    """seq, id, status and label of each task that this one waits for."""
    task_id = prepared.push.record.id
    parents: list[Row] = []
    for parent_id in prepared.depends_on:
        if parent_id == task_id:
            raise DependencyError(f"task {task_id} depends on itself")
        found = tx.run("SELECT seq, id, status, label FROM task WHERE id = ?", (parent_id,))
        if not found:
            raise DependencyError(
                f"task {task_id} depends on task {parent_id}, which the store does not have: "
                "push that one first"
            )
        parents += found
    return parents


def _origin_seq(tx: Transaction, push: Push, seq: int) -> int:
    if push.envelope is not None:
        return seq
    found = tx.run(_ORIGIN, (push.record.origin,))
    if not found:
        raise TaskNotFound(
            f"task {push.record.id} retries task {push.record.origin}, whose call is not in the "
            "store: push the call anew"
        )
    ((origin_seq,),) = found
    return int(origin_seq)
