"""The large values of the store as code in a child process sees them: its worker stores them, and
tells in which file they lie."""

from collections.abc import Iterable, Sequence
from typing import Any

from ..client.depot import store_one
from ..client.kept import Place
from ..errors import StoreUnavailable
from ..payload import Large
from .line import Line

_TRIES = 5
"""A file may be gone again by the time that it is opened."""


class FarDepot:
    """Stores and fetches by way of the worker."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def store(self, larges: Iterable[Large]) -> int:
        by_name = {large.name: large for large in larges}
        if not by_name:
            return 0
        absent = self._line.ask("missing_blobs", names=list(by_name))[0]["names"]
        return sum(store_one(self, by_name[name]) for name in absent)

    def add(self, name: str, number: int, data: bytes) -> None:
        self._line.ask("add_chunk", data, name=name, place=number)

    def complete(self, name: str, chunks: int) -> None:
        self._line.ask("complete_blob", name=name, chunks=chunks)

    def discard(self, name: str) -> None:
        self._line.ask("discard_blob", name=name)

    def fetch(self, names: Sequence[str]) -> list[Any]:
        return [self._fetched(name) for name in names]

    fetch_once = fetch

    def _fetched(self, name: str) -> Any:
        for _ in range(_TRIES):
            answer, data = self._line.ask("find_blob", name=name)
            if answer["place"] is None:
                return bytearray(data)
            found = Place(*answer["place"]).mapped()
            if found is not None:
                return found
        raise StoreUnavailable(
            f"the worker lets go of large values as fast as it fetches them ({name[:12]}): run "
            "fewer tasks at a time"
        )
