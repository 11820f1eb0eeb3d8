"""The bare chain of the parts on SQLite: cloudpickle, HMAC, one transaction to push, one to claim,
one to settle, a datagram to wake who waits.

One table, one partial index; nothing to list, to retry, to cancel or to recover by.
"""

import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import apsw
import cloudpickle

from ..work import closure
from .bare_redis import opened, signed

_BATCH = 100
_SCHEMA = """
CREATE TABLE IF NOT EXISTS task(
    seq INTEGER PRIMARY KEY, status INT, queue TEXT, call BLOB, result BLOB);
CREATE INDEX IF NOT EXISTS ready ON task(seq) WHERE status = 0;
"""
_CLAIM = """
UPDATE task SET status = 6 WHERE seq IN
    (SELECT seq FROM task WHERE status = 0 ORDER BY seq LIMIT ?) RETURNING seq, call
"""
_AGAIN = 1.0
"""Seconds after which a lost datagram is made up for."""


class Queue:
    drained = 5000

    def __init__(self, address: str) -> None:
        path = address.removeprefix("sqlite:///")
        self._db = apsw.Connection(path)
        self._db.set_busy_timeout(10_000)
        self._db.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL")
        self._db.execute(_SCHEMA)
        self._work, self._news = Path(f"{path}.work"), Path(f"{path}.news")
        self._closure = closure()
        self._post = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._post.setblocking(False)
        self._inbox: socket.socket | None = None

    def push(self, count: int) -> None:
        for number in range(count):
            self._store([number])

    def push_many(self, count: int) -> None:
        self._store(range(count))

    def call(self) -> None:
        assert self.gather(1) == [5]

    def gather(self, count: int) -> list[int]:
        inbox = self._listen(self._news)
        last = self._store(range(count))
        wanted = "SELECT result FROM task WHERE seq > ? AND result IS NOT NULL ORDER BY seq"
        while len(found := self._db.execute(wanted, (last - count,)).fetchall()) < count:
            _await(inbox)
        return [opened(data) for (data,) in found]

    def finished(self) -> int:
        ((count,),) = self._db.execute("SELECT count(*) FROM task WHERE status = 1").fetchall()
        return int(count)

    def serve(self, slots: int) -> None:
        inbox = self._listen(self._work)
        while True:
            while found := self._claim():
                done = []
                for seq, call in found:
                    function, args = opened(call)
                    done.append((signed(function(*args)), seq))
                with self._db:
                    self._db.executemany(
                        "UPDATE task SET status = 1, result = ? WHERE seq = ?", done
                    )
                self._wake(self._news)
            _await(inbox)

    def close(self) -> None:
        if self._inbox is not None:
            self._inbox.close()
        self._post.close()
        self._db.close()

    def _store(self, numbers: Sequence[int]) -> int:
        rows = [(signed((self._closure, (n,)), cloudpickle.dumps),) for n in numbers]
        with self._db:
            self._db.executemany("INSERT INTO task(status, queue, call) VALUES (0, 'all', ?)", rows)
            last = self._db.last_insert_rowid()
        self._wake(self._work)
        return last

    def _claim(self) -> list[tuple[int, bytes]]:
        with self._db:
            found: list[tuple[int, bytes]] = self._db.execute(_CLAIM, (_BATCH,)).fetchall()
        return found

    def _listen(self, path: Path) -> socket.socket:
        if self._inbox is None:
            self._inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._inbox.bind(str(path))
            self._inbox.settimeout(_AGAIN)
        return self._inbox

    def _wake(self, path: Path) -> None:
        with suppress(OSError):  # nobody listens, or has been told often enough
            self._post.sendto(b"w", str(path))


def _await(inbox: socket.socket) -> None:
    with suppress(TimeoutError):
        inbox.recv(1)
