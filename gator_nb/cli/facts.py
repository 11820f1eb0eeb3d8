"""A task as JSON: plain fields for programs. Times are in UTC, durations in seconds."""

import datetime as dt
import json
from typing import Any

from ..record import Record
from .showing import told, took, word_of


def facts_of(record: Record, now: float) -> dict[str, Any]:
    """Every field that a program may want; what a task does not have is null."""
    seconds = took(record, now)
    return {
        "id": record.id,
        "label": record.label,
        "name": record.name,
        "queue": record.queue,
        "status": str(record.status),
        "canceling": word_of(record) == "canceling",
        "seconds": None if seconds is None else round(seconds, 6),
        "progress": told(record) or None,
        "error": record.error,
        "reason": record.reason,
        "attempts": record.attempts,
        "retries": record.retries,
        "losses": record.losses,
        "created": moment(record.created),
        "due": moment(record.due),
        "started": moment(record.started),
        "finished": moment(record.finished),
        "expires": moment(record.expires),
        "worker": record.worker,
        "priority": record.priority,
        "tags": list(record.tags),
        "group": record.group,
        "depends_on": list(record.depends_on),
        "held": record.held,
        "retry_of": record.parent,
        "peak_memory": record.peak_memory,
    }


def newest_figures(record: Record) -> dict[str, float]:
    """The last value of each metric."""
    try:
        series = json.loads(record.metrics or "{}")
        return {name: points[-1][1] for name, points in series.items() if points}
    except (ValueError, AttributeError, IndexError, TypeError):
        return {}


def moment(seconds: float | None) -> str | None:
    """
    >>> moment(0.25)
    '1970-01-01T00:00:00.250Z'
    """
    if seconds is None:
        return None
    at = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
