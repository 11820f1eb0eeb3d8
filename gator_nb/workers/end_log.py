"""The line in a worker's log for each task that has ended."""

import logging

from ..executors.base import Report
from ..states import Status

_BAD = (Status.FAILED, Status.RETRYING)


def log_end(log: logging.Logger, report: Report) -> None:
    """Tell people how a try ended, and programs by the fields of the line."""
    if not log.isEnabledFor(logging.INFO):
        return
    record, ended = report.claimed.record, report.ended
    event = "lost" if ended.lost else str(ended.status)
    fields = {
        "event": event, "task_id": record.id, "label": record.label, "queue": record.queue,
        "seconds": round(report.seconds, 3),
    }  # fmt: skip
    words = f"{event}: {record.label} {record.id[:12]} after {report.seconds:.1f} s"
    error = f": {ended.error}" if ended.status in _BAD else ""
    log.info("%s%s", words, error, extra={"fields": fields})
