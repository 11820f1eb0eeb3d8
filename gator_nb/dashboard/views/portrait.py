"""One task in all its detail, as the drawer shows it: plain fields, every text made safe."""

import json
import math
from collections.abc import Collection, Mapping
from pathlib import PurePath
from typing import Any

from ...client.workforce import Seen, unserved
from ...constants import FORCED
from ...output.rich_output import Display
from ...record import Record, place_of
from ...states import BLOCKED, RETRYING, RUNNING, SUCCESS, TERMINAL, UNSTARTED, WAITING
from ..details import Detail
from ..following import WorkerSeen
from ..text import block, safe, short_id
from .rows import kind_of, more_about, progress_of, told_of, word_of

_ERROR, _VALUE, _TRACE = 2_000, 300, 20_000
_CURVES, _POINTS = 24, 400
_IMAGES = ("image/png", "image/jpeg")
_OUTPUTS = 12
_OUTPUT_SIZE = 3_000_000
"""Characters of one picture that go to the browser."""


def portrait(
    detail: Detail | None, task_id: str, names: Mapping[str, str], workers: Collection[WorkerSeen]
) -> dict[str, Any]:
    """The head of the drawer and its lists; nothing to show yet is `state` "opening"."""
    record = detail.record if detail is not None else None
    if detail is None or record is None:
        state = "opening" if detail is None else "gone"
        return {"id": task_id, "short": short_id(task_id), "state": state}
    kind = kind_of(record)
    outcome = detail.outcome
    why = why_it_waits(record, workers)
    return {
        "id": record.id,
        "short": short_id(record.id),
        "state": "there",
        "name": safe(record.label) or "(no name)",
        "kind": kind,
        "word": word_of(kind),
        "more": "" if record.done or kind == "running" else more_about(record) or why,
        "actions": actions_of(record, workers),
        "started": record.started,
        "finished": record.finished,
        "steps": steps(record, names, why),
        "progress": progress_of(record) if record.status is RUNNING else None,
        "message": safe(told_of(record).get("message"), _VALUE),
        "error": _error(record),
        "traceback": _shortened(block(outcome.traceback)) if outcome and not outcome.ok else "",
        "result": safe(outcome.preview, _ERROR) if outcome and record.status is SUCCESS else None,
        "untold": [safe(text, _ERROR) for text in detail.untold],
        "call": safe(detail.call.function, _VALUE) if detail.call else "",
        "arguments": _arguments(detail),
        "source": _source(detail),
        "facts": facts(record, names),
        "tasks": _tasks(detail),
    }


def actions_of(record: Record, workers: Collection[WorkerSeen]) -> list[str]:
    """What can be done: "cancel", "stop" (end its process), "retry"."""
    if record.done:
        return ["retry"]
    if record.status in UNSTARTED or record.cancel_at is None:
        return ["cancel"]
    forced = record.cancel_step == FORCED
    return ["stop"] if not forced and _in_process(record, workers) else []


def why_it_waits(record: Record, there: Collection[WorkerSeen]) -> str:
    """Why no worker takes it, where none does."""
    if record.status is not WAITING:
        return ""
    lines = unserved([record], [Seen(one.presence, one.life == "silent") for one in there])
    return safe("; ".join(line.why for line in lines), _ERROR)


def steps(record: Record, names: Mapping[str, str], why: str = "") -> list[dict[str, Any]]:
    """What has happened to it, oldest first; "kind" is the sign before it."""
    found = [_step("waiting", "Pushed", record.created)]
    if record.parent is not None:
        found[0]["more"] = f"as a retry of {short_id(record.parent)}"
    tries = record.attempts
    before = tries - 1 if record.started is not None else tries
    if before > 0:
        lost = f", {record.losses} of them lost with a worker" if record.losses else ""
        plural = "tries" if before > 1 else "try"
        found.append(_step("retrying", f"{before} earlier {plural}{lost}", None))
    if record.started is not None and tries > 0:
        worker = safe(names.get(record.worker or "", (record.worker or "")[:8]))
        of = f" of {tries + record.retries}" if record.retries and not record.done else ""
        word = "Started" if tries == 1 and not of else f"Try {tries}{of} started"
        found.append(_step("running", word, record.started, f"on {worker}" if worker else ""))
    if record.cancel_at is not None and record.cancel_at != record.finished:
        by = f"by {safe(record.cancel_by)}" if record.cancel_by else ""
        found.append(_step("canceling", "Cancel asked for", record.cancel_at, by))
    found.append(_last_step(record, why))
    return found


def facts(record: Record, names: Mapping[str, str]) -> list[list[str]]:
    """What else is known of it, as pairs; what it does not have is left out."""
    known = {
        "Queue": record.queue,
        "Worker": names.get(record.worker or "", record.worker or ""),
        "Name": record.name or "",
        "Tags": ", ".join(record.tags),
        "Group": record.group or "",
        "Priority": str(record.priority) if record.priority else "",
        "Retries left": str(record.retries) if record.retries and not record.done else "",
        "Runs in": place_of(record.lane) or "" if record.lane else "",
        "Peak memory": _size(record.peak_memory),
        "Checkpoint": "kept" if record.checkpoint else "",
        "Why it ended": record.reason or "" if record.done else "",
    }
    return [[name, safe(value, _VALUE)] for name, value in known.items() if value]


def curves(record: Record | None) -> list[dict[str, Any]]:
    """The series of its metrics: `{"name", "points": [[seconds, value], ...], "odd"}`.

    "odd" counts values that are no finite numbers, which no curve can show.
    """
    try:
        told = json.loads((record.metrics if record else None) or "{}")
    except ValueError:
        return []
    if not isinstance(told, dict):
        return []
    several = [_curve(name, points) for name, points in list(told.items())[:_CURVES]]
    return [one for one in several if one is not None]


def log_of(detail: Detail | None, size: int) -> dict[str, Any]:
    """The end of its log, and how much of it is not shown."""
    text = detail.log if detail is not None else ""
    tail = text[-size:]
    if len(tail) < len(text):
        tail = tail.partition("\n")[2] or tail
    going = detail is not None and detail.record is not None and not detail.record.done
    return {"text": block(tail.removesuffix("\n")), "earlier": len(text) - len(tail),
            "going": going}  # fmt: skip


def outputs(detail: Detail | None) -> list[dict[str, str]]:
    """What it displayed: pictures, else their text; the newest."""
    shown = detail.outputs if detail is not None else ()
    found = [_output(one) for one in shown[-_OUTPUTS:]]
    if len(shown) > _OUTPUTS:
        found.insert(0, {"kind": "text", "data": f"{len(shown) - _OUTPUTS} earlier outputs: in "
                         "the notebook, task.outputs has them all"})  # fmt: skip
    return found


def _step(kind: str, word: str, at: float | None, more: str = "") -> dict[str, Any]:
    return {"kind": kind, "word": word, "at": at, "more": more}


def _last_step(record: Record, why: str) -> dict[str, Any]:
    """Where it stands; its time is when it came there, or will go on."""
    kind = kind_of(record)
    if record.status in TERMINAL:
        return _step(kind, word_of(kind), record.finished)
    if record.status is RUNNING:
        return _step(kind, "Stopping" if kind == "canceling" else "Runs", None, "now")
    if record.due is not None and record.status is not BLOCKED:
        return _step(kind, "Next try" if record.status is RETRYING else "Due", record.due)
    return _step(kind, word_of(kind), None, more_about(record) or why or "for a worker")


def _error(record: Record) -> str:
    return safe(record.error, _ERROR) if record.done or record.status is RETRYING else ""


def _arguments(detail: Detail) -> list[list[str]]:
    call = detail.call
    if call is None:
        return []
    if not call.parameters:
        return [["", safe(call.arguments, _VALUE)]] if call.arguments else []
    return [
        [safe(name), safe(value if isinstance(value, str) else json.dumps(value), _VALUE)]
        for name, value in call.parameters.items()
    ]


def _source(detail: Detail) -> list[dict[str, Any]]:
    """The functions that travelled with the call, as they were when it was pushed."""
    sources = (detail.call.sources if detail.call else None) or {}
    return [
        {
            "title": f"{_place(file)}, from line {first}",
            "text": _shortened(block(text.rstrip())),
            "first": int(first),
        }
        for file, pieces in sources.items()
        for first, text in pieces.items()
    ]


def _place(file: str) -> str:
    cell = "ipykernel_" in file or file.startswith("<")
    return "A cell of the notebook" if cell else safe(PurePath(file).name)


def _tasks(detail: Detail) -> list[dict[str, str]]:
    """Other tasks that it has to do with."""
    record = detail.record
    if record is None:
        return []
    found = [
        {"role": "Waits for" if record.unstarted else "Waited for", **_named(one)}
        for one in detail.needs
    ]
    rest = len(record.depends_on) - len(detail.needs)
    if rest > 0:
        found.append({"role": "", "id": "", "name": f"and {rest} more", "kind": "", "short": ""})
    if record.parent is not None:
        retried = {"id": record.parent, "short": short_id(record.parent), "name": "", "kind": ""}
        found.append({"role": "Retry of", **retried})
    return found


def _named(record: Record) -> dict[str, str]:
    return {"id": record.id, "short": short_id(record.id), "name": safe(record.label),
            "kind": kind_of(record)}  # fmt: skip


def _curve(name: object, points: object) -> dict[str, Any] | None:
    if not isinstance(points, list):
        return None
    pairs = [point for point in points if isinstance(point, list) and len(point) == 2]
    good = [pair for pair in pairs if all(_finite(one) for one in pair)]
    step = max(1, math.ceil(len(good) / _POINTS))
    drawn = good[::-step][::-1]
    if not pairs:
        return None
    return {"name": safe(str(name), 60), "points": drawn, "odd": len(pairs) - len(good)}


def _finite(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -1e300 < value < 1e300  # type: ignore[operator]


def _output(shown: Display) -> dict[str, str]:
    for kind in _IMAGES:
        data = "".join(shown.data.get(kind, "").split())
        if data and len(data) <= _OUTPUT_SIZE:
            return {"kind": kind, "data": data}
    text = shown.data.get("text/plain") or f"a display of {', '.join(shown.data)}"
    return {"kind": "text", "data": _shortened(block(text))}


def _shortened(text: str) -> str:
    """The beginning and the end of a long text; says what is left out."""
    if len(text) <= _TRACE:
        return text
    half = _TRACE // 2
    return f"{text[:half]}\n  ... {len(text) - 2 * half:,} characters ...\n{text[-half:]}"


def _in_process(record: Record, workers: Collection[WorkerSeen]) -> bool:
    for seen in workers:
        if seen.presence.id == record.worker:
            return any(place_of(lane) == "process" for lane in seen.presence.lanes)
    return place_of(record.lane) == "process"


def _size(count: int | None) -> str:
    return "" if not count else f"{count / 2**20:,.0f} MiB"
