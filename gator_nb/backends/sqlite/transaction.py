"""One step of the store under way."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import apsw

from ...constants import MAX_LANES
from ...errors import GatorError, TaskNotFound
from ...record import limit_of
from .sql import Row, run, sql

if TYPE_CHECKING:
    from ..base import Topic

Lines = dict[tuple[str, str, str], int]
"""The line of each queue, lane and limit that is known to be stored. Lines are never removed."""

_BY_ID = sql("SELECT $COLUMNS FROM task WHERE id = ?")
_BY_SEQ = sql("SELECT $COLUMNS FROM task WHERE seq = ?")
_CHANGED = sql("SELECT $COLUMNS FROM task WHERE version > ? ORDER BY version")
_OTHER_LANES = sql("""
SELECT count(*) FROM line WHERE queue = ? AND id <> ? AND EXISTS (
    SELECT 1 FROM counter
    WHERE counter.id BETWEEN line.id * 8 AND line.id * 8 + 7
        AND n > 0 AND counter.id & 7 NOT IN $TERMINAL
)
""")


_AT_ONCE = sql("""
SELECT total(n) FROM line JOIN counter ON counter.id = line.id * 8 + $RUNNING
WHERE limit_name = ?
""")

_MAKE_LINE = """
INSERT INTO line (queue, lane, "limit", limit_name) VALUES (?, ?, ?, ?) RETURNING id
"""


class Transaction:
    """What a verb works with: the connection, the time, the counters, and whom it will wake."""

    __slots__ = ("_checked", "_found", "_lines", "db", "ended", "now", "seq", "topics", "version")

    def __init__(self, db: apsw.Connection, now: float, lines: Lines) -> None:
        self.db = db
        self.now = now
        self.topics: set[Topic] = set()
        self.ended: Sequence[tuple[Row, bytes | None]] = ()
        """All that its news are about, with their outcomes, where somebody here asks for that."""
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

    def changed(self) -> list[Row]:
        """The rows of the tasks that it has changed so far."""
        return self.run(_CHANGED, (self._found[0],))

    def raise_floor(self) -> None:
        """Something was removed: every cursor handed out so far is answered by a reset."""
        self.run("UPDATE store SET floor = ?", (self.stamp(),))

    def finish(self) -> None:
        """Write the counters back, where they moved."""
        if (self.version, self.seq) != self._found:
            self.run("UPDATE store SET version = ?, seq = ?", (self.version, self.seq))

    def room(self, limit: str) -> int:
        """How many more tasks of a limit may run."""
        name, most = limit_of(limit)
        ((running,),) = self.run(_AT_ONCE, (name,))
        return most - int(running)

    def line(self, queue: str, lane: str, limit: str) -> int:
        """The line of a queue's lane and limit, made where there is none, for a task that is new
        there.

        Raises:
            GatorError: `MAX_LANES` others of the queue have unfinished tasks.
        """
        key = (queue, lane, limit)
        line = self._lines.get(key) or self._find_or_make_line(key)
        if line not in self._checked:
            self._demand_room(queue, f"{lane} {limit}".strip(), line)
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
                f"run_in, needs, limit) and takes no more: use another queue for {lane}"
            )

    def _find_or_make_line(self, key: tuple[str, str, str]) -> int:
        name = limit_of(key[2])[0] if key[2] else None
        known = self.run(
            'SELECT id FROM line WHERE queue = ? AND lane = ? AND "limit" = ?', key
        ) or self.run(_MAKE_LINE, (*key, name))
        self._lines[key] = known[0][0]
        return self._lines[key]
