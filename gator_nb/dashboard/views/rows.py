"""A record as the table shows it: plain fields, every text of a user made safe."""

import json
from collections.abc import Mapping
from typing import Any

from ...record import Record
from ...states import BLOCKED, CANCELED, DELAYED, FAILED, RETRYING, RUNNING, UNSTARTED
from ..text import ERROR_LIMIT, safe, short_id

_FIGURES = 1e15
"""Figures from here on are not shown: nobody counts so far, and `inf` and `nan` are not below."""

_WORDS = {"success": "Finished"}


def row(record: Record, worker_names: Mapping[str, str]) -> dict[str, Any]:
    """One row of the table. Times are seconds by the store's clock."""
    kind = kind_of(record)
    worker = record.worker or ""
    return {
        "id": record.id,
        "short": short_id(record.id),
        "name": safe(record.label) or "(no name)",
        "kind": kind,
        "word": word_of(kind),
        "more": more_about(record),
        "queue": safe(record.queue),
        "worker": safe(worker_names.get(worker, worker[:8])) if record.started else "",
        "progress": progress_of(record),
        "created": record.created,
        "started": record.started,
        "finished": record.finished,
        "due": record.due if record.status in (DELAYED, RETRYING) else None,
        "action": action_of(record),
    }


def kind_of(record: Record) -> str:
    """Its status; a running task that was asked to stop is canceling until it has stopped."""
    return "canceling" if record.canceling else str(record.status)


def word_of(kind: str) -> str:
    """What people read for it."""
    return _WORDS.get(kind, kind.capitalize())


def action_of(record: Record) -> str:
    """What can be done: "cancel", "canceling" (it was asked for), "retry" or nothing."""
    if record.status is RUNNING:
        return "cancel" if record.cancel_at is None else "canceling"
    if record.status in (FAILED, CANCELED):
        return "retry"
    return "cancel" if record.status in UNSTARTED else ""


def more_about(record: Record) -> str:
    """The second line: why it failed or waits, how its cancel goes, what it says of itself."""
    if record.done:
        return safe(record.error, ERROR_LIMIT)
    if record.canceling:
        return safe(record.cancel_step, ERROR_LIMIT)
    if record.status is BLOCKED:
        return "held: its notebook has ended" if record.held else _waits_for(record.open_deps)
    if record.losses:
        return f"lost {record.losses} worker{'s' if record.losses > 1 else ''} before"
    return safe(told_of(record).get("message"))


def progress_of(record: Record) -> dict[str, Any] | None:
    """The share that is done, None where that is unknown, and the figures as text."""
    told = told_of(record)
    done, total = _number(told.get("done")), _number(told.get("total"))
    if done is None:
        return None
    share = max(0.0, min(1.0, done / total)) if total else None
    return {"share": share, "text": f"{done:g}" if total is None else f"{done:g}/{total:g}"}


def _waits_for(n: int) -> str:
    return f"waits for {n} other task{'s' if n > 1 else ''}"


def told_of(record: Record) -> dict[str, Any]:
    """What the task said of its progress; the store may hold anything, so it is only read."""
    try:
        told = json.loads(record.progress or "{}")
    except ValueError:
        return {}
    told = told if isinstance(told, dict) else {}
    message = told.get("message")
    return {**told, "message": message if isinstance(message, str) else None}


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _FIGURES else None
