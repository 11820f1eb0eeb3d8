"""Where a task stands, in the words of its card."""

from ..durations import duration
from ..payload import one_line
from ..record import Reason
from ..states import Status
from ..tasks.task import Task
from .looks import NAME_LIMIT

HELD_MEND = "`%gator resume` or `%gator cancel --held`"


def word(task: Task) -> str:
    record = task.handle.record
    if task.canceling:
        return "canceling"
    if record.status is Status.RUNNING and record.cancel_step:
        return "over its time"
    if record.status is Status.BLOCKED and record.held:
        return "held"
    if record.status is Status.FAILED and record.reason == Reason.LOST:
        return "lost"
    return str(record.status)


def step(task: Task) -> str:
    """How far its stopping has come, and what would help."""
    record = task.handle.record
    step = record.cancel_step if record.status is Status.RUNNING else None
    mend = "; run_in='process' can stop anything" if step == "in C code" else ""
    return f"{step}{_ago(task)}{mend}" if step else ""


def _ago(task: Task) -> str:
    """For how long it has been asked to stop, once that is worth saying."""
    asked = task.handle.record.cancel_at
    since = 0.0 if asked is None else task.handle.client.backend.now() - asked
    return f" since {duration(since)}" if since >= 1 else ""


def time(task: Task) -> str:
    """How long it has run; before it has, when it may start."""
    record = task.handle.record
    if record.status in (Status.DELAYED, Status.RETRYING) and record.due is not None:
        rest = record.due - task.handle.client.backend.now()
        return f"starts in {duration(rest)}" if rest > 0 else ""
    return "" if record.started is None else duration(task.elapsed)


def reused(task: Task) -> str:
    return f"reused, pushed {task.created:%Y-%m-%d %H:%M}" if task.reused else ""


def retry_of(task: Task) -> str:
    return f"retry of {task.retry_of[:8]}" if task.retry_of else ""


def name(task: Task) -> str:
    return one_line(task.label, NAME_LIMIT)
