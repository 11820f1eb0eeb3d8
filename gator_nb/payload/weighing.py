"""How many bytes a value is when it is pickled, without holding them."""

import io
from typing import Any

from .call import PROTOCOL


class _Scale(io.RawIOBase):
    """A file that keeps nothing but its length."""

    size = 0

    def write(self, data: Any) -> int:
        self.size += memoryview(data).nbytes
        return len(data)


def weight_of(value: Any) -> int | None:
    """The pickled size of a value in bytes; None when it cannot be pickled."""
    weight = weigh(value)
    return None if isinstance(weight, Exception) else weight


def weigh(value: Any) -> int | Exception:
    """The same, or why it cannot be pickled."""
    from .pickler import CallPickler  # loads cloudpickle, which takes its time

    scale = _Scale()
    buffers: list[int] = []

    def keep(buffer: Any) -> None:
        with buffer.raw() as raw:
            buffers.append(raw.nbytes)

    try:
        CallPickler(scale, protocol=PROTOCOL, buffer_callback=keep).dump(value)
    except Exception as error:  # noqa: BLE001 -- a user's `__reduce__` may raise anything
        return error
    return scale.size + sum(buffers)
