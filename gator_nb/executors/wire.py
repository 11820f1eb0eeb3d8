"""Messages between a worker and its child processes: JSON, with bytes behind it.

Nothing here is a pickle: the worker never unpickles what a child sends.
"""

import json
import struct
from collections.abc import Iterator
from typing import Any

Message = dict[str, Any]

_HEAD = struct.Struct("!IQ")
HEAD_SIZE = _HEAD.size


def packed(message: Message, payload: bytes = b"") -> tuple[bytes, bytes]:
    """A message as it is sent: its head with the JSON, and the payload."""
    text = json.dumps(message).encode()
    return _HEAD.pack(len(text), len(payload)) + text, payload


def sizes(head: bytes | bytearray) -> tuple[int, int]:
    """How many bytes of JSON and of payload follow a head."""
    text, payload = _HEAD.unpack(head)
    return text, payload


class Inbox:
    """Puts together messages that come in pieces."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Message, bytes]]:
        """Take what has come; gives each message that is complete."""
        self._data += data
        while len(self._data) >= HEAD_SIZE:
            text, payload = sizes(self._data[:HEAD_SIZE])
            start = HEAD_SIZE + text
            if len(self._data) < start + payload:
                return
            message = json.loads(self._data[HEAD_SIZE:start])
            with memoryview(self._data) as view:  # a slice of the data would be one copy more
                content = bytes(view[start : start + payload])
            del self._data[: start + payload]
            yield message, content
