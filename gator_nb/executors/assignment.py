"""What a child process is sent of a task, and what comes back of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..attempts.attempt import Ended
from ..attempts.snapshot import Snapshot
from ..client.client import Client
from ..errors import TaskTimeout
from ..payload import Outcome
from ..record import Record
from ..states import Status
from .wire import Message

_SENT = (
    "id", "queue", "claim", "attempts", "retries", "name", "label", "group", "depends_on",
    "priority", "tags",
)  # fmt: skip
"""The fields of a record that code in a child can see."""


def assignment(
    client: Client,
    record: Record,
    snapshot: Snapshot,
    visible: Mapping[str, str],
    after: Ended | None = None,
) -> tuple[Message, bytes]:
    """The message that has a child run a task.

    Args:
        visible: the environment variables that show it its GPUs.
        after: how it ended when it had to be killed: `on_error` is all there is to run.
    """
    fields, payload = snapshot.to_message()
    message: Message = {
        "type": "run",
        "record": {field: getattr(record, field) for field in _SENT},
        "snapshot": fields,
        "env": {**snapshot.options.get("env", {}), **visible},
        "killed": None if after is None else _told(after),
        "store": {
            "conn_string": client.backend.conn_string,
            "durability": client.backend.durability,
            "key_id": client.keyring.current.id,
            "queue": record.queue,
        },
    }
    return message, payload


def _told(ended: Ended) -> list[str]:
    """The exception of a try that was killed, as `killed_with` makes it again."""
    return [type(ended.exception).__name__, str(ended.exception)]


def killed_with(told: Sequence[str]) -> BaseException:
    """What `on_error` is given of a try that was killed."""
    name, text = told
    return MemoryError(text) if name == MemoryError.__name__ else TaskTimeout(text)


def merged(after: Ended, hook: Ended) -> Ended:
    """How a task ends that was killed, by how its `on_error` ended: which may have changed its
    retries, and may have been canceled or killed itself."""
    if hook.status is Status.CANCELED:
        return hook
    if hook.status in (Status.FAILED, Status.RETRYING) and not hook.lost:
        return after._replace(status=hook.status, retries=hook.retries)
    return after


def report(claim: str, ended: Ended, *, clean: bool) -> tuple[Message, bytes]:
    """The message that tells how a try ended.

    Args:
        clean: the process is as it was before, and can have another task.
    """
    outcome = ended.outcome
    payload = None if outcome is None else outcome.payload
    message: Message = {
        "type": "end",
        "claim": claim,
        "ended": ended._replace(outcome=None, exception=None)._asdict(),
        "outcome": None if outcome is None else outcome._replace(payload=None)._asdict(),
        "has_payload": payload is not None,
        "clean": clean,
    }
    return message, payload or b""


def ended_of(message: Message, payload: bytes) -> Ended:
    """How a try ended, by that message."""
    fields: dict[str, Any] = message["ended"]
    outcome = message["outcome"]
    if outcome is not None:
        kept = payload if message["has_payload"] else None
        refs, needs = tuple(outcome["refs"]), tuple(outcome["needs"])
        outcome = Outcome(**outcome)._replace(payload=kept, refs=refs, needs=needs)
    status = fields["status"]
    return Ended(**fields)._replace(
        status=None if status is None else Status(status), outcome=outcome
    )
