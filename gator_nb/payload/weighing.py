"""How many bytes a value is when it is pickled, without holding them."""

import io
from typing import Any, NamedTuple

from .call import PROTOCOL
from .large import Beside, leaving


class _Scale(io.RawIOBase):
    """A file that keeps nothing but its length."""

    size = 0

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self.size += size
        return size


class Weight(NamedTuple):
    """What a value takes, in bytes."""

    size: int
    beside: int
    """The part of it that leaves the pickle for the store, which keeps it once."""


def weight_of(value: Any) -> Weight | None:
    """The weight of a value; None when it cannot be pickled."""
    weight = weigh(value)
    return None if isinstance(weight, Exception) else weight


def weigh(value: Any) -> Weight | Exception:
    """The same, or why it cannot be pickled."""
    from .pickler import CallPickler  # loads cloudpickle, which takes its time

    scale, beside = _Scale(), Beside()
    try:
        CallPickler(scale, protocol=PROTOCOL, beside=beside).dump(leaving(value))
    except Exception as error:  # noqa: BLE001 -- a user's `__reduce__` may raise anything
        return error
    large = sum(one.size for one in beside.found)
    return Weight(scale.size + large, large)
