"""Large values in the file: each chunk is a row, stored in a transaction of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

import apsw

from ...constants import BLOB_GRACE
from ..blobs import Blobs, Data
from ..refusals import not_there, not_whole
from .sql import run
from .transaction import Transaction

_COMPLETE = "SELECT seq, chunks FROM blob WHERE name = ? AND chunks IS NOT NULL"
_TOUCH = """
INSERT INTO blob (name, touched) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET touched = excluded.touched RETURNING seq, chunks
"""
_NOBODYS = """
SELECT seq FROM blob WHERE touched <= ? AND NOT EXISTS (SELECT 1 FROM owner WHERE blob = blob.seq)
ORDER BY touched LIMIT ?
"""


class SQLiteBlobs(Blobs):
    """The verbs, on the transactions of a backend."""

    def __init__(
        self,
        writing: Callable[[], AbstractContextManager[Transaction]],
        reading: Callable[[], AbstractContextManager[apsw.Connection]],
    ) -> None:
        self._writing = writing
        self._reading = reading

    def missing(self, names: Sequence[str]) -> list[str]:
        with self._writing() as tx:
            return [name for name in dict.fromkeys(names) if not _touched(tx, name)]

    def add(self, name: str, number: int, data: Data) -> None:
        with self._writing() as tx:
            ((seq, chunks),) = tx.run(_TOUCH, (name, tx.now))
            if chunks is None:
                tx.run(
                    "REPLACE INTO chunk (blob, number, data) VALUES (?, ?, ?)", (seq, number, data)
                )

    def complete(self, name: str, chunks: int) -> None:
        with self._writing() as tx:
            if _touched(tx, name):
                return
            there = tx.run(
                "SELECT blob.seq, count(*) FROM blob JOIN chunk ON chunk.blob = blob.seq "
                "WHERE name = ? AND number BETWEEN 0 AND ? GROUP BY blob.seq",
                (name, chunks - 1),
            )
            if not there or there[0][1] != chunks:
                raise not_whole(name)
            ((seq, _),) = there
            tx.run("DELETE FROM chunk WHERE blob = ? AND number >= ?", (seq, chunks))
            tx.run("UPDATE blob SET chunks = ?, touched = ? WHERE seq = ?", (chunks, tx.now, seq))

    def read(self, name: str) -> Iterator[bytes]:
        with self._reading() as db:
            found = run(db, _COMPLETE, (name,))
        if not found:
            raise not_there(name)
        ((seq, chunks),) = found
        return (self._chunk(name, seq, number) for number in range(chunks))

    def _chunk(self, name: str, seq: int, number: int) -> bytes:
        with self._reading() as db:
            found = run(db, "SELECT data FROM chunk WHERE blob = ? AND number = ?", (seq, number))
        if not found:
            raise not_there(name)
        return bytes(found[0][0])

    def discard(self, name: str) -> None:
        with self._writing() as tx:
            unfinished = "SELECT seq FROM blob WHERE name = ? AND chunks IS NULL"
            for (seq,) in tx.run(unfinished, (name,)):
                _remove(tx, seq)

    def forget(self, *, limit: int = 100) -> int:
        with self._writing() as tx:
            gone = tx.run(_NOBODYS, (tx.now - BLOB_GRACE, limit))
            for (seq,) in gone:
                _remove(tx, seq)
        return len(gone)


def _remove(tx: Transaction, seq: int) -> None:
    tx.run("DELETE FROM chunk WHERE blob = ?", (seq,))
    tx.run("DELETE FROM blob WHERE seq = ?", (seq,))


def own(tx: Transaction, task: int, names: Sequence[str], *, all_of_them: bool) -> None:
    """Give a task these blobs; those that are not there are passed over, or with `all_of_them`
    refused.

    Raises:
        BlobMissing
    """
    for name in names:
        found = tx.run(_COMPLETE, (name,))
        if found:
            tx.run("INSERT OR IGNORE INTO owner (task, blob) VALUES (?, ?)", (task, found[0][0]))
        elif all_of_them:
            raise not_there(name)


def _touched(tx: Transaction, name: str) -> bool:
    """Whether a blob is complete; if so it was asked for."""
    touch = "UPDATE blob SET touched = ? WHERE name = ? AND chunks IS NOT NULL RETURNING seq"
    return bool(tx.run(touch, (tx.now, name)))
