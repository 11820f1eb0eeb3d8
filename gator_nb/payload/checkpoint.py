"""A checkpoint: how far a task had come, signed and bound to the task that saved it."""

from ..errors import Untrusted
from ..keys import Keyring
from .sealing import seal, unseal

KIND = "checkpoint"
FORMAT = 1


def seal_checkpoint(keyring: Keyring, task_id: str, claim: str, payload: bytes) -> bytes:
    """The signed bytes of a pickled checkpoint."""
    return seal(keyring, KIND, {"task_id": task_id, "claim": claim, "format": FORMAT}, payload)


def open_checkpoint(keyring: Keyring, data: bytes, *, task_id: str) -> bytes:
    """The pickled checkpoint that this task saved, its signature checked.

    Raises:
        Untrusted: the signature does not fit, or it is another task's.
        KeyMissing: signed with a key that is not here.
    """
    fields, payload = unseal(keyring, KIND, data)
    if fields.get("task_id") != task_id:
        raise Untrusted(
            f"this checkpoint belongs to task {fields.get('task_id')!r}, not to {task_id!r}"
        )
    return payload
