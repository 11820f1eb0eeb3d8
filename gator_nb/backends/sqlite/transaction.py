"""One step of the store under way."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import apsw

from ...constants import MAX_LANES
from ...errors import GatorError, TaskNotFound
from .sql import Row, run, sql

if TYPE_CHECKING:
    from ..base import Topic

Lines = dict[tuple[str, str], int]
"""The line of each (queue, lane) that is known to be stored. Lines are never removed."""

_BY_ID = sql("SELECT $COLUMNS FROM task WHERE id = ?")
_BY_SEQ = sql("SELECT $COLUMNS FROM task WHERE seq = ?")
_OTHER_LANES = sql("""
SELECT count(*) FROM line WHERE queue = ? AND id <> ? AND EXISTS (
    SELECT 1 FROM counter
    WHERE counter.id BETWEEN line.id * 8 AND line.id * 8 + 7
        AND n > 0 AND counter.id & 7 NOT IN $TERMINAL
)
""")


class Transaction:
    """What a verb works with: the connection, the time, the counters, and whom it will wake."""

    __slots__ = ("_checked", "_found", "_lines", "db", "now", "seq", "topics", "version")

    def __init__(self, db: apsw.Connection, now: float, lines: Lines) -> None:
        self.db = db
        self.now = now
        self.topics: set[Topic] = set()
        self._lines = lines
        self._checked: set[int] = set()
        self.version: int
        self.seq: int
        ((self.version, self.seq),) = self.run("SELECT version, seq FROM store")
        self._found = (self.version, self.seq)

    def run(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run one statement to its end; its rows."""
        return run(self.db, statement, values)

    def stamp(self) -> int:
        """The next version, for a task that is about to change."""
        self.version += 1
        return self.version

    def stamps(self, count: int) -> int:
        """Take `count` versions; answers what lies just before the first."""
        self.version += count
        return self.version - count

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def known(self, task_id: str) -> Row | None:
        """The row of a task, where there is one."""
        found = self.run(_BY_ID, (task_id,))
        return found[0] if found else None

    def find(self, task_id: str) -> Row:
        """The row of a task.

        Raises:
            TaskNotFound
        """
        row = self.known(task_id)
        if row is None:
            raise TaskNotFound(f"the store has no task {task_id}")
        return row

    def row(self, seq: int) -> Row:
        """The row of a task that is known to be there."""
        (found,) = self.run(_BY_SEQ, (seq,))
        return found

    def raise_floor(self) -> None:
        """Something was removed: every cursor handed out so far is answered by a reset."""
        self.run("UPDATE store SET floor = ?", (self.stamp(),))

    def finish(self) -> None:
        """Write the counters back, where they moved."""
        if (self.version, self.seq) != self._found:
            self.run("UPDATE store SET version = ?, seq = ?", (self.version, self.seq))

    def line(self, queue: str, lane: str) -> int:
        """The line of a queue's lane, made where there is none, for a task that is new there.

        Raises:
            GatorError: `MAX_LANES` other lanes of the queue have unfinished tasks.
        """
        line = self._lines.get((queue, lane)) or self._find_or_make_line(queue, lane)
        if line not in self._checked:
            self._demand_room(queue, lane, line)
            self._checked.add(line)
        return line

    def _demand_room(self, queue: str, lane: str, line: int) -> None:
        ((ever,),) = self.run("SELECT count(*) FROM line WHERE queue = ?", (queue,))
        if ever <= MAX_LANES:
            return
        ((others,),) = self.run(_OTHER_LANES, (queue, line))
        if others >= MAX_LANES:
            raise GatorError(
                f"queue {queue} has unfinished tasks in {others} lanes (Python version, key, "
                f"run_in and needs) and takes no more: use another queue for {lane}"
            )

    def _find_or_make_line(self, queue: str, lane: str) -> int:
        key = (queue, lane)
        known = self.run("SELECT id FROM line WHERE queue = ? AND lane = ?", key) or self.run(
            "INSERT INTO line (queue, lane) VALUES (?, ?) RETURNING id", key
        )
        self._lines[key] = known[0][0]
        return self._lines[key]
