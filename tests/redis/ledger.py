"""What has truly happened, written down by the tasks themselves, whatever a store says of them."""

import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from gator_nb import Gator
from gator_nb.record import Record
from gator_nb.states import TERMINAL, TRANSITIONS, Status


class Ledger:
    """A file that tasks append a line to when they begin, and one when they have run to the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def call(self, seconds: float = 0.0) -> Callable[[int], int]:
        """A function that keeps the ledger, takes so long and answers its argument."""
        path = str(self._path)

        def kept(number: int = 0) -> int:
            import os
            import time

            from gator_nb import current_task

            def write(word: str) -> None:
                fd = os.open(path, os.O_WRONLY | os.O_APPEND)
                # Lines of 64 bytes lie across no page: none is ever seen half written.
                os.write(fd, f"{word} {current_task().task_id}".ljust(63).encode() + b"\n")
                os.close(fd)

            write("began")
            time.sleep(seconds)
            write("ended")
            return number

        return kept

    def began(self) -> Counter[str]:
        """How often each task began."""
        return self._read("began")

    def ended(self) -> Counter[str]:
        """How often each ran to its end."""
        return self._read("ended")

    def _read(self, word: str) -> Counter[str]:
        lines = (line.split() for line in self._path.read_text().splitlines())
        return Counter(task_id for kind, task_id in lines if kind == word)


class History:
    """The statuses that a store has shown of each task, in order, as a follower sees them."""

    def __init__(self) -> None:
        self._seen: dict[str, list[Record]] = {}

    def note(self, records: list[Record]) -> None:
        """To be subscribed to a watcher."""
        for record in records:
            self._seen.setdefault(record.id, []).append(record)

    def faults(self) -> list[str]:
        """What the lifecycle does not allow."""
        found = []
        for task_id, records in self._seen.items():
            for before, after in itertools.pairwise(records):
                moved = after.version != before.version
                if moved and after.status not in _reachable(before.status):
                    found.append(f"{task_id}: {before.status} -> {after.status}")
                if before.status in TERMINAL and after.settled != before.settled:
                    found.append(f"{task_id}: settled again")
        return found


def _reachable(status: Status) -> set[Status]:
    """Whatever may follow a status, by one step or several: a follower does not see each."""
    found: set[Status] = set()
    todo = {status}
    while todo:
        now = todo.pop()
        for (before, _), after in TRANSITIONS.items():
            if before is now:
                todo |= set(after) - found
                found |= after
    return found


def records_of(gator: Gator, ids: list[str]) -> list[Record]:
    """The records of tasks that must all be there."""
    found = gator.backend.get(ids)
    missing = [one for one, record in zip(ids, found, strict=True) if record is None]
    assert not missing, f"{len(missing)} of {len(ids)} acknowledged tasks are gone: {missing[:3]}"
    return [record for record in found if record is not None]
