"""Pushes and settlements as these tests need them."""

from typing import Any

from gator_nb.backends.base import Claimed, Push, Settlement
from gator_nb.record import Record
from gator_nb.states import SUCCESS

LANE = "3.11/a1b2c3d4/any/"


def push(task_id: str, envelope: bytes = b"call", **fields: Any) -> Push:
    return Push(
        Record(task_id, **{"queue": "all", "lane": LANE, "origin": task_id, **fields}), envelope
    )


def success(claimed: Claimed, **more: Any) -> Settlement:
    record = claimed.record
    return Settlement(record.id, record.claim or "", SUCCESS, 0, b"result", **more)
