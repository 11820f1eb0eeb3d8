"""Tasks as a table: a pandas DataFrame, one row a task."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..client.client import Client
from ..definition import preview_parameters
from ..errors import GatorError
from ..payload import Call, preview_of
from ..record import Record
from ..states import Status
from .prefetching import prefetched
from .task import Task

if TYPE_CHECKING:
    import pandas as pd

_OWN = ("label", "status", "elapsed", "peak_memory", "error")


class _Row(NamedTuple):
    """A task in parts; a name may come up in several of them."""

    parameters: Mapping[str, Any]
    course: Mapping[str, Any]
    metrics: Mapping[str, Any]
    result: Mapping[str, Any]
    error: str | None


def table(client: Client, tasks: Sequence[Task], *, results: bool = False) -> "pd.DataFrame":
    """The table that `Group.table` describes, of handles that have been read just now.

    Raises:
        ImportError: there is no pandas here; the text says how to install it.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("a table is a pandas DataFrame: pip install pandas") from error
    now = client.backend.now()
    headers = any(not task.live for task in tasks)
    handles = prefetched(client, [task.handle for task in tasks], headers=headers)
    pairs = zip(tasks, handles, strict=True)
    rows = [_row(task, now, results=results) for task, _ in pairs]
    index = pd.Index([task.task_id for task in tasks], name="task_id", dtype=object)
    frame = pd.DataFrame(_named_apart(rows), index=index)
    return frame if len({task.label for task in tasks}) > 1 else frame.drop(columns="label")


def _named_apart(rows: Sequence[_Row]) -> dict[str, list[Any]]:
    """The columns: parameters, how it went, its figures, what came of it. A name that is taken is
    followed by what it is: "loss (metric)"."""
    parts: tuple[tuple[str, Callable[[_Row], Mapping[str, Any]]], ...] = (
        ("parameter", lambda row: row.parameters),
        ("", lambda row: row.course),
        ("metric", lambda row: row.metrics),
        ("result", lambda row: row.result),
    )
    taken = set(_OWN)
    columns: dict[str, list[Any]] = {}
    for kind, part in parts:
        names = list(dict.fromkeys(name for row in rows for name in part(row)))
        for name in names or (_OWN[:-1] if not kind else ()):
            column = f"{name} ({kind})" if kind and name in taken else name
            columns[column] = [part(row).get(name) for row in rows]
        taken.update(names)
    return {**columns, "error": [row.error for row in rows]}


def _row(task: Task, now: float, *, results: bool) -> _Row:
    record = task.handle.record
    parameters: Mapping[str, Any] = {}
    result: Mapping[str, Any] = {}
    error = record.error
    try:
        parameters = _parameters(task)
        if record.status is Status.SUCCESS:
            result = _result(task.handle.value() if results else task.handle.glance(), results)
    except GatorError as unreadable:  # the others are shown all the same, and this one says why
        error = str(unreadable)
    return _Row(parameters, _course(record, now), _last_figures(record.metrics), result, error)


def _parameters(task: Task) -> Mapping[str, Any]:
    if task.live:
        return preview_parameters(Call(task.func, tuple(task.func_args), task.func_kwargs))
    return task.handle.header().parameters or {}


def _course(record: Record, now: float) -> dict[str, Any]:
    end = now if record.finished is None else record.finished
    return {
        "label": record.label,
        "status": str(record.status),
        "elapsed": None if record.started is None else max(0.0, end - record.started),
        "peak_memory": record.peak_memory,
    }


def _last_figures(metrics: str | None) -> dict[str, float]:
    series = json.loads(metrics) if metrics else {}
    return {name: points[-1][1] for name, points in series.items() if points}


def _result(value: Any, whole: bool) -> dict[str, Any]:
    cell: Callable[[Any], Any] = (lambda one: one) if whole else _glimpse
    if isinstance(value, dict) and value and all(isinstance(name, str) for name in value):
        return {name: cell(one) for name, one in value.items()}
    return {"result": cell(value)}


def _glimpse(value: Any) -> Any:
    """A number, a flag or a short text as it is; a line about anything else."""
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):  # a scalar of numpy
        value = value.item()
    return value if isinstance(value, bool | int | float | str | None) else preview_of(value)
