"""Large values on the server: each chunk is a key of its own, and is sent and fetched by itself."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ...errors import PayloadTooLarge
from ..blobs import Blobs, Data
from ..refusals import not_there, not_whole
from .batches import parts
from .server import Server


class RedisBlobs(Blobs):
    """The verbs; `run` runs the script of one."""

    def __init__(self, server: Server, run: Callable[..., Any], max_payload: int) -> None:
        self._server = server
        self._run = run
        self._max_payload = max_payload

    def missing(self, names: Sequence[str]) -> list[str]:
        return [
            name
            for part in parts([*dict.fromkeys(names)])
            for name, absent in zip(part, self._run("blob_missing", json.dumps(part)), strict=True)
            if absent
        ]

    def add(self, name: str, number: int, data: Data) -> None:
        sent = memoryview(data).cast("B")
        if len(sent) > self._max_payload:
            raise PayloadTooLarge(
                f"a chunk of the large value {name[:12]} has {len(sent):,} bytes, and the server "
                f"takes {self._max_payload:,}: raise its proto-max-bulk-len"
            )
        self._run("blob_add", name, number, sent)

    def complete(self, name: str, chunks: int) -> None:
        if not self._run("blob_complete", name, chunks):
            raise not_whole(name)

    def read(self, name: str) -> Iterator[bytes]:
        return (self._chunk(name, number) for number in range(self._chunks(name)))

    def _chunks(self, name: str) -> int:
        found = self._run("blob_chunks", name)
        if found is None:
            raise not_there(name)
        return int(found)

    def _chunk(self, name: str, number: int) -> bytes:
        # By no script, in which the server would copy it once more.
        key = f"{{{self._server.address.store}}}:chunk:{number}:{name}"
        found: bytes | None = self._server.command("GET", key)
        if found is None:
            self._chunks(name)  # tells of a store that is gone as a whole
            raise not_there(name)
        return found

    def discard(self, name: str) -> None:
        while self._run("blob_discard", name):
            pass

    def forget(self, *, limit: int = 100) -> int:
        total, more = 0, 1
        while more and total < limit:
            removed, more = self._run("blob_forget", limit - total)
            total += removed
        return total
