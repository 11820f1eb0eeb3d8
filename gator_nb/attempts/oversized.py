"""Results that the store does not take for their size: they are kept beside the worker, and the
task's error says where. Most go in chunks and are never too large; see `payload/large.py`."""

import os
from collections.abc import Sequence
from pathlib import Path

from ..backends.base import Answer, Settlement
from ..client.client import Client
from ..errors import PayloadTooLarge
from ..host import places
from ..host.liveness import host_name
from ..payload import Outcome, open_outcome, outcome_of_error, seal_outcome
from ..record import Reason
from ..states import FAILED


def settle(client: Client, settlements: Sequence[Settlement]) -> list[Answer]:
    """End tries, whatever the size of what they made; see `Backend.settle`.

    Raises:
        StoreUnavailable, StoreCorrupt
    """
    try:
        return client.backend.settle(settlements)
    except PayloadTooLarge:
        return [_settled(client, one) for one in settlements]


def _settled(client: Client, settlement: Settlement) -> Answer:
    try:
        (answer,) = client.backend.settle([settlement])
    except PayloadTooLarge:
        if settlement.outcome is None:
            raise
        (answer,) = client.backend.settle([_without_payload(client, settlement)])
    return answer


def _without_payload(client: Client, settlement: Settlement) -> Settlement:
    data, task_id, claim = settlement.outcome or b"", settlement.task_id, settlement.claim
    outcome = open_outcome(client.keyring, data, task_id=task_id)
    if not outcome.ok:  # its text stays
        sealed = seal_outcome(client.keyring, outcome._replace(payload=None))
        return settlement._replace(outcome=sealed)
    error = PayloadTooLarge(
        f"the result has {len(outcome.payload or b''):,} bytes, which is more than "
        f"{client.backend.conn_string} takes in one piece; {_kept(outcome)}"
    )
    failed = outcome_of_error(task_id, claim, error)
    return settlement._replace(
        status=FAILED,
        outcome=seal_outcome(client.keyring, failed),
        reason=Reason.ERROR,
        error=failed.error,
        refs=(),
    )


def _kept(outcome: Outcome) -> str:
    """Write a result to a file of this user; a sentence about where."""
    path = places.data_folder()[0] / "results" / f"{outcome.task_id}.pickle"
    try:
        _write(path, outcome.payload or b"")
    except OSError as error:
        return f"{path} on {host_name()} could not be written either: {error.strerror}"
    return f"it lies on {host_name()}: pickle.load(open({str(path)!r}, 'rb'))"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
