"""What the card of a running task tells: how far it is, and how long it will take."""

from html import escape

from ..durations import duration
from ..payload import one_line
from ..states import Status
from ..tasks.handle import Progress
from ..tasks.task import Task
from .looks import INFO, QUIET
from .shapes import curve, meter

_FIRST_GUESS = 2.0
"""Seconds before which the time that is left is not guessed."""


def progress_row(task: Task) -> str:
    told = task.progress
    if told is None or task.status is not Status.RUNNING:
        return ""
    share = min(1.0, max(0.0, told.done / told.total)) if told.total else None
    parts = [_amount(told, share), _rest(task, told), told.message, _latest(task)]
    text = " · ".join(filter(None, parts))
    drawn = "" if share is None else meter(share, INFO)
    return f'{drawn}<div style="color:{QUIET}">{escape(one_line(text, 200))}{_curves(task)}</div>'


def _rest(task: Task, told: Progress) -> str:
    """How long it will take, if it goes on as it went since it first told."""
    done_before, began = told.since or (0.0, 0.0)
    came, seconds = told.done - done_before, task.elapsed - began
    if not told.total or came <= 0 or told.done >= told.total or task.elapsed < _FIRST_GUESS:
        return ""
    return f"about {duration(seconds * (told.total - told.done) / came)} left"


def _curves(task: Task) -> str:
    """The course of each metric as a small line."""
    courses = ([value for _, value in points] for points in task.metrics.values())
    return "".join(curve(values, INFO) for values in courses if len(values) > 1)


def _amount(told: Progress, share: float | None) -> str:
    if share is None:
        return f"{told.done:g}"
    return f"{told.done:g} of {told.total:g} ({share:.0%})"


def _latest(task: Task) -> str:
    """The newest value of each metric."""
    newest = {name: points[-1][1] for name, points in task.metrics.items() if points}
    return " · ".join(f"{name} {value:.4g}" for name, value in newest.items())
