"""What is too much for one call: parts of bounded work, and batches of them that are all or none.

The server does nothing else while a script runs, so that a call of a hundred thousand tasks would
keep everybody waiting for seconds.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from ...errors import GatorError, StoreUnavailable
from ...record import Record
from ...states import BLOCKED, Status
from ..base import Push

Item = TypeVar("Item")
Moved = dict[str, tuple[Status, int]]
"""Status and version of tasks by id."""

MOST = 1000
"""Tasks that one call carries: they take the server some 50 ms."""

_MOST_BYTES = 8 << 20
"""Bytes of envelopes after which a part is full."""


def parts(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Up to `MOST` at a time."""
    for start in range(0, len(items), MOST):
        yield items[start : start + MOST]


def parts_of(pushes: Sequence[Push]) -> list[list[Push]]:
    """The pushes in parts that are bounded in number and in bytes."""
    found: list[list[Push]] = []
    room = 0
    for push in pushes:
        size = len(push.envelope or b"")
        if room < size or not found or len(found[-1]) == MOST:
            found.append([])
            room = max(_MOST_BYTES, size)
        room -= size
        found[-1].append(push)
    return found


def put_batch(
    run: Callable[..., Any],
    put: Callable[[list[Push], str], list[Record]],
    get: Callable[[list[str]], list[Record | None]],
    pushes: Sequence[list[Push]],
) -> list[Record]:
    """Store the parts of a batch: none of it can be claimed before all of it is there, and none
    of it stays when a part is refused. Its client may die at any time: others end what it began.

    Args:
        run: runs a verb.
        put: stores one part of the batch named.
        get: reads records.
    """
    batch = secrets.token_hex(8)
    run("batch", batch, "begin")
    try:
        records = [record for part in pushes for record in put(part, batch)]
        _complete(run, batch)
    except BaseException:
        with suppress(GatorError):
            for _ in _pages(run, batch, "take_back"):
                pass
        raise
    with suppress(StoreUnavailable):  # all is stored, and others let it go
        moved = _let_go(run, batch)
        records = [_as_moved(record, moved) for record in records]
        # A reply may have been lost, with what it told of a page.
        unsure = [one.id for one in records if one.status is BLOCKED and one.id not in moved]
        read = {one.id: one for one in get(unsure) if one is not None}
        return [read.get(one.id, one) for one in records]
    return records


def _complete(run: Callable[..., Any], batch: str) -> None:
    _, gone = run("batch", batch, "complete")
    if gone:
        raise lost_batch()


def lost_batch() -> StoreUnavailable:
    return StoreUnavailable(
        "the store was out of reach for too long between two parts of this push, and nothing of it "
        "was kept: push it again"
    )


def _let_go(run: Callable[..., Any], batch: str) -> Moved:
    moved: Moved = {}
    for page in _pages(run, batch, "let_go"):
        moved.update((name, (Status(int(status)), int(version))) for name, status, version in page)
    return moved


def _pages(run: Callable[..., Any], batch: str, step: str) -> Iterator[list[list[Any]]]:
    more = 1
    while more:
        page, more = run("batch", batch, step)
        yield json.loads(page)


def _as_moved(record: Record, moved: Moved) -> Record:
    if record.id not in moved:
        return record
    status, version = moved[record.id]
    return record._replace(status=status, version=version)
