"""Pushes, presences and settlements as tests need them, and the commonest steps with them."""

from typing import Any

from gator_nb.backends.base import Backend, Beat, Claimed, Presence, Push, Settlement
from gator_nb.record import Record
from gator_nb.states import CANCELED, FAILED, RETRYING, SUCCESS, Status

LANE = "3.11/key/any/"


def call(
    task_id: str, *, envelope: bytes | None = None, reuse: bool = False, **fields: Any
) -> Push:
    """A push of a task whose envelope follows from its id."""
    fields = {"queue": "all", "lane": LANE, "origin": task_id, "label": "fit", **fields}
    return Push(Record(task_id, **fields), envelope or f"call of {task_id}".encode(), reuse)


def worker(worker_id: str, **fields: Any) -> Presence:
    return Presence(worker_id, "worker", **fields)


def push(backend: Backend, task_id: str, **fields: Any) -> Record:
    """Store one task."""
    return backend.put([call(task_id, **fields)])[0]


def take(
    backend: Backend,
    limit: int = 1,
    *,
    by: str = "w1",
    queues: list[str] | None = None,
    lanes: tuple[str, ...] = (LANE,),
) -> list[Claimed]:
    """Claim what is ready."""
    return backend.claim(by, queues, lanes, limit)


def take_one(backend: Backend, *, by: str = "w1") -> Record:
    """Claim the one next task, by itself."""
    ((record, _),) = take(backend, by=by)
    return record


def record(backend: Backend, task_id: str) -> Record:
    """A record that must be there."""
    (found,) = backend.get([task_id])
    assert found is not None, f"{task_id} is not in the store"
    return found


def status(backend: Backend, task_id: str) -> Status:
    return record(backend, task_id).status


def end(claimed: Record, status: Status, **more: Any) -> Settlement:
    """A settlement by the holder of the claim that `claimed` carries."""
    assert claimed.claim is not None
    more = {"retries": claimed.retries, **more}
    return Settlement(claimed.id, claimed.claim, status, **more)


def success(claimed: Record, **more: Any) -> Settlement:
    return end(claimed, SUCCESS, **{"outcome": b"result", **more})


def failure(claimed: Record, **more: Any) -> Settlement:
    return end(claimed, FAILED, **{"reason": "error", "error": "ValueError: no", **more})


def retry(claimed: Record, **more: Any) -> Settlement:
    return end(claimed, RETRYING, **{"reason": "error", "error": "ValueError: no", **more})


def stopped(claimed: Record, **more: Any) -> Settlement:
    return end(claimed, CANCELED, **{"reason": "canceled", **more})


def ended_as(backend: Backend, task_id: str, status: Status) -> Record:
    """Push one task and bring it to this end; nothing else may be ready."""
    push(backend, task_id)
    assert take_one(backend).id == task_id
    backend.settle([end(record(backend, task_id), status)])
    return record(backend, task_id)


def beat(claimed: Record, **news: object) -> Beat:
    return Beat(claimed.id, claimed.claim or "")._replace(**news)
