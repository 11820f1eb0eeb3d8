"""What the verbs send and what their answers mean: JSON of texts, beside bytes as they are."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from ...constants import MAX_LANES
from ...errors import (
    DependencyError,
    GatorError,
    PayloadTooLarge,
    StoreCorrupt,
    TaskExists,
    TaskNotFound,
    TaskRunning,
)
from ...record import Record, rank_of
from ...states import Status
from ..base import Beat, Ending, Filter, Presence, Push, Settlement
from ..refusals import limit_full, not_there
from .batches import lost_batch
from .rows import decode, encode, text_of

_DIFFERENCES = {"label": "function", "queue": "queue", "lane": "lane"}
_FILTERS = ("queue", "name", "tag", "worker", "session", "group", "call_key")


def pushed(pushes: Sequence[Push], max_payload: int) -> Iterator[str | bytes]:
    """JSON and envelope of each push.

    Raises:
        PayloadTooLarge
    """
    for record, envelope, reuse in pushes:
        message: dict[str, Any] = {"id": record.id, "fields": encode(record)}
        if record.depends_on:
            message["after"] = list(dict.fromkeys(record.depends_on))
        if record.tags:
            message["tags"] = record.tags
        if reuse:
            message["reuse"] = True
        if envelope is None:
            message["retry"] = True
        else:
            demand_fitting(record.id, "call", envelope, max_payload)
        yield json.dumps(message)
        yield envelope or b""


def stored(push: Push, answer: dict[str, Any] | list[str]) -> Record:
    """The record that answers a push."""
    if isinstance(answer, dict):
        return decode(answer)
    status, seq, version, created, open_deps = answer
    record = push.record
    return record._replace(
        status=Status(int(status)),
        seq=int(seq),
        rank=rank_of(record.priority, int(seq)),
        version=int(version),
        created=float(created),
        open_deps=int(open_deps),
        origin=record.origin or record.id,
    )


def refuse_put(kind: str, task_id: str, *more: Any) -> NoReturn:
    """Say why a push was refused."""
    if kind == "exists":
        field, there, here = more
        what = "its code, arguments or captured values differ"
        if field:
            what = f"its {_DIFFERENCES[field]} is {there} there and {here} here"
        raise TaskExists(
            f"task {task_id} is there already for another call: {what}; give this one another "
            "task_id, or none"
        )
    if kind == "origin":
        raise TaskNotFound(
            f"task {task_id} retries task {more[0]}, whose call is not in the store: push the "
            "call anew"
        )
    if kind == "blob":
        raise not_there(more[0])
    if kind == "batch":
        raise lost_batch()
    if kind == "foreign":
        raise foreign_key(task_id, *more)
    if kind == "lanes":
        slot = more[0].replace("\n", " ")
        raise GatorError(
            f"queue {task_id} has unfinished tasks in {MAX_LANES} lanes (Python version, key, "
            f"run_in, needs, limit) and takes no more: use another queue for {slot}"
        )
    if kind == "full":
        raise limit_full(task_id, more[0])
    raise _dependency_refused(kind, task_id, *more)


def foreign_key(key: str, kind: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"{key} ({kind}) was not written by gator_nb: remove that key, or take another name with "
        "?store=name"
    )


def _dependency_refused(kind: str, task_id: str, *more: Any) -> DependencyError:
    if kind == "itself":
        return DependencyError(f"task {task_id} depends on itself and could never start")
    if kind == "unknown":
        return DependencyError(
            f"task {task_id} depends on task {more[0]}, which the store does not have: push that "
            "one first"
        )
    return DependencyError(
        f"task {task_id} cannot run yet: it depends on task {more[0]}, which is "
        f"{Status(int(more[1]))}"
    )


def refuse_claim(task_id: str, kind: str, *more: Any) -> NoReturn:
    """Say why a task could not be claimed."""
    if kind == "unknown":
        raise not_found(task_id)
    if kind == "running":
        raise TaskRunning(f"task {task_id} is running on worker {more[0]}")
    if kind == "full":
        raise limit_full(task_id, more[0])
    if kind == "open" and len(more) == 2 and int(more[1]) >= 0:
        raise _dependency_refused("open", task_id, *more)
    if kind == "open":
        raise StoreCorrupt(
            f"task {task_id} waits for tasks that are not there; verify() tells more"
        )
    raise no_envelope(task_id)


def not_found(task_id: str) -> TaskNotFound:
    return TaskNotFound(f"the store has no task {task_id}")


def no_envelope(task_id: str) -> StoreCorrupt:
    return StoreCorrupt(f"the envelope of task {task_id} is missing; verify() tells more")


def demand_fitting(task_id: str, what: str, data: bytes, most: int) -> None:
    """Refuse what the server would not take.

    Raises:
        PayloadTooLarge
    """
    if len(data) > most:
        raise PayloadTooLarge(
            f"the {what} of task {task_id} has {len(data):,} bytes, and the server takes {most:,} "
            "in one piece (proto-max-bulk-len)"
        )


def settled(settlements: Sequence[Settlement]) -> str:
    return json.dumps([_settlement(one) for one in settlements])


def _settlement(one: Settlement) -> dict[str, Any]:
    written = {"retries": one.retries or None, "reason": one.reason, "error": one.error}
    kept = {
        "progress": one.progress, "metrics": one.metrics, "peak_memory": one.peak_memory,
    }  # fmt: skip
    sets = {field: value for field, value in (written | kept).items() if value is not None}
    message: dict[str, Any] = {
        "id": one.task_id,
        "claim": one.claim,
        "status": int(one.status),
        "sets": {field: text_of(value) for field, value in sets.items()},
        "drops": [field for field, value in written.items() if value is None],
        "outcome": one.outcome is not None,
        "lost": one.lost,
    }
    if one.due is not None:
        message["due"] = repr(one.due)
    if one.refs:
        message["refs"] = one.refs
    return message


def beaten(beats: Sequence[Beat]) -> str:
    return json.dumps([_beat(one) for one in beats])


def _beat(one: Beat) -> dict[str, Any]:
    told = {
        "begun": "1" if one.begun else None,
        "progress": one.progress,
        "metrics": one.metrics,
        "cancel_step": one.cancel_step,
    }
    sets = {field: value for field, value in told.items() if value is not None}
    return {"id": one.task_id, "claim": one.claim, "sets": sets}


def filtered(where: Filter) -> str:
    message: dict[str, Any] = {
        field: value for field in _FILTERS if (value := getattr(where, field)) is not None
    }
    if where.status is not None:
        message["status"] = [int(status) for status in where.status]
    return json.dumps(message)


def presence_of(text: bytes, renewed: bytes | None) -> tuple[int, Presence]:
    """In which place a presence registered, and the presence.

    Raises:
        StoreCorrupt
    """
    try:
        order, _, _, data = text.split(b" ", 3)
        known = Presence.of(json.loads(data))
        return int(order), known._replace(renewed=float(renewed or 0))
    except (TypeError, ValueError) as error:
        raise StoreCorrupt(f"a presence is not what gator_nb writes ({error})") from error


def endings(words: bytes) -> Iterator[Ending]:
    """What was said with the news: JSON of pairs of a record and the length of its outcome, a line
    end, and the outcomes one behind the other."""
    records, _, outcomes = words.partition(b"\n")
    at = 0
    for fields, length in json.loads(records):
        known = length is not False
        yield Ending(decode(fields), outcomes[at : at + length] if known else None)
        at += length or 0
