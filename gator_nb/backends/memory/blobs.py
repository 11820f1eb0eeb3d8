"""Large values of a memory store."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...constants import BLOB_GRACE
from ...record import Record
from ..blobs import Blobs, Data
from ..refusals import not_there, not_whole

if TYPE_CHECKING:
    from .store import Store


@dataclass(slots=True)
class Blob:
    """One of them."""

    touched: float
    """When it was stored or asked for last."""
    chunks: dict[int, bytes] = field(default_factory=dict)
    complete: bool = False


class Shelf:
    """All of them, and which tasks own some for their outcomes. Whoever looks holds the store's
    lock."""

    def __init__(self) -> None:
        self.blobs: dict[str, Blob] = {}
        self._of_outcomes: dict[str, set[str]] = {}

    def whole(self, name: str) -> Blob:
        """A complete one.

        Raises:
            BlobMissing
        """
        blob = self.blobs.get(name)
        if blob is None or not blob.complete:
            raise not_there(name)
        return blob

    def own(self, task_id: str, names: Iterable[str]) -> None:
        """From now on the outcome of a task needs these."""
        there = {name for name in names if name in self.blobs and self.blobs[name].complete}
        if there:
            self._of_outcomes.setdefault(task_id, set()).update(there)

    def disown(self, task_id: str) -> None:
        """A task is gone."""
        self._of_outcomes.pop(task_id, None)

    def nobodys(self, records: Mapping[str, Record], since: float) -> list[str]:
        """Those that no task owns, and that were not touched after `since`."""
        owned = set().union(*self._of_outcomes.values(), *(one.refs for one in records.values()))
        old = (name for name, blob in self.blobs.items() if blob.touched <= since)
        return [name for name in old if name not in owned]

    def faults(self, records: Mapping[str, Record]) -> list[str]:
        """A sentence for each that is not what the records say."""
        found = [
            f"task {record.id} needs blob {name}, which is not there"
            for record in records.values()
            for name in (*record.refs, *self._of_outcomes.get(record.id, ()))
            if name not in self.blobs
        ]
        gone = sorted(self._of_outcomes.keys() - records.keys())
        return found + [f"task {task_id} owns blobs, and is not there" for task_id in gone]


class MemoryBlobs(Blobs):
    """The verbs."""

    def __init__(self, store: Callable[[], "Store"], now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def missing(self, names: Sequence[str]) -> list[str]:
        store, absent = self._store(), []
        with store.lock:
            for name in dict.fromkeys(names):
                blob = store.shelf.blobs.get(name)
                if blob is None or not blob.complete:
                    absent.append(name)
                else:
                    blob.touched = self._now()
        return absent

    def add(self, name: str, number: int, data: Data) -> None:
        store, data = self._store(), bytes(data)
        with store.lock:
            blob = store.shelf.blobs.setdefault(name, Blob(self._now()))
            blob.touched = self._now()
            if not blob.complete:
                blob.chunks[number] = data

    def complete(self, name: str, chunks: int) -> None:
        store = self._store()
        with store.lock:
            blob = store.shelf.blobs.get(name)
            if blob is None or not (blob.complete or blob.chunks.keys() >= set(range(chunks))):
                raise not_whole(name)
            blob.touched = self._now()
            if not blob.complete:
                blob.chunks = {number: blob.chunks[number] for number in range(chunks)}
                blob.complete = True

    def read(self, name: str) -> Iterator[bytes]:
        store = self._store()
        with store.lock:
            return iter(store.shelf.whole(name).chunks.values())

    def discard(self, name: str) -> None:
        store = self._store()
        with store.lock:
            blob = store.shelf.blobs.get(name)
            if blob is not None and not blob.complete:
                del store.shelf.blobs[name]

    def forget(self, *, limit: int = 100) -> int:
        store = self._store()
        with store.lock:
            since = self._now() - BLOB_GRACE
            gone = store.shelf.nobodys(store.records, since)[:limit]
            for name in gone:
                del store.shelf.blobs[name]
        return len(gone)
