"""`python -m tests.payload.fuzz [--cases 20000] [--seed N]`: tampered bytes in a real store, opened
by everybody who opens any. What comes of each is counted; a case that is taken for good, that ends
in another error, or that unpickles the canary is a fault.
"""

import itertools
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import apsw
import typer
from rich.console import Console
from rich.table import Table

from gator_nb import Gator, Status, Task, Worker, checkpoint, current_task, errors
from gator_nb.cli.sheet import _signed
from gator_nb.dashboard.details import Watched
from gator_nb.notebook import card

from .tampering import Tamperer

REFUSALS = (errors.Untrusted, errors.KeyMissing, errors.StoreVersion)
_SLOTS = ("threads", "processes")
_BATCH = 50
"""Tasks that one worker is given at a time; it is slower than to look."""


def saves(value: int) -> int:
    """Keeps a checkpoint, fails at its first try, and succeeds at its second."""
    checkpoint({"value": value})
    if current_task().retries:
        raise OSError("the first try")
    return value


def goes_on() -> object:
    """What a retry does first."""
    return checkpoint()


class Found(NamedTuple):
    """What came of all cases."""

    told: Counter[tuple[str, str, str]]
    """By who opened it, the way it was tampered with, and what was said."""
    faults: list[str]


class Doors:
    """A store with one task that has everything, and all who open something of it."""

    def __init__(self, gator: Gator, folder: Path, seed: int) -> None:
        self.gator, self._canary = gator, folder / "executed"
        self._db = apsw.Connection(gator.conn_string.removeprefix("sqlite:///"))
        self._db.set_busy_timeout(15_000)
        self.task, self.other = self._finished(1), self._finished(2)
        older = self._older
        self.tamperer = Tamperer(
            {
                "call": self._stored("envelope", self.task),
                "outcome": self._stored("outcome", self.task),
                "checkpoint": self._stored("checkpoint", self.task),
                "its older outcome": older,
                "the other call": self._stored("envelope", self.other),
                "the other outcome": self._stored("outcome", self.other),
                "the other checkpoint": self._stored("checkpoint", self.other),
            },
            self._canary,
            seed,
        )
        self.doors: dict[str, tuple[str, Callable[[], object]]] = {
            "handle: its function": ("call", lambda: self._seen().func),
            "page: its call": ("call", lambda: self._page("call")),
            "show: its call": ("call", self._shown),
            "handle: its result": ("outcome", lambda: self._seen().result),
            "handle: get": ("outcome", lambda: self._seen().get(5)),
            "card": ("outcome", lambda: card.task_html(self._seen())),
            "listing: a table": ("outcome", lambda: self._table()),
            "page: its outcome": ("outcome", lambda: self._page("outcome")),
            "show: its outcome": ("outcome", self._shown),
            "handle: its checkpoint": ("checkpoint", lambda: self._seen().checkpoint),
        }

    def close(self) -> None:
        self._db.close()

    # -- the store -----------------------------------------------------------------------------

    def _finished(self, value: int) -> Task:
        task = self.gator.options(retries=1).task(saves, value)
        self.gator.get(task.task_id)
        self._older = self._stored("outcome", task)
        self.gator.get(task.task_id)
        assert task.get() == value
        return task

    def _seq(self, task: Task) -> int:
        return int(self._db.execute("SELECT seq FROM task WHERE id = ?", (task.task_id,)).get)

    def _stored(self, table: str, task: Task) -> bytes:
        return bytes(self._db.execute(f"SELECT data FROM {table} WHERE seq = ?",
                                      (self._seq(task),)).get)  # fmt: skip

    def _put(self, kind: str, task: Task, data: bytes) -> None:
        table = "envelope" if kind == "call" else kind
        seq = self._seq(task)
        self._db.execute(f"UPDATE {table} SET data = ? WHERE seq = ?", (data, seq))

    # -- who opens it --------------------------------------------------------------------------

    def _seen(self) -> Task:
        return self.gator[self.task.task_id]

    def _shown(self) -> object:
        note = _signed(self.gator, self.gator.client.record(self.task.task_id))[2]
        return _raised(note)

    def _page(self, part: str) -> object:
        record = self.gator.client.record(self.task.task_id)
        told = Watched(record.id).look(self.gator.backend, record, {})
        return _raised(*(text for text in told.untold if ("arguments" in text) == (part == "call")))

    def _table(self) -> object:
        """A row is there all the same, and says what is wrong."""
        told = self.gator.tasks().table(results=True).loc[self.task.task_id, "error"]
        return _raised(told if isinstance(told, str) else None)

    # -- a run ---------------------------------------------------------------------------------

    def look(self, name: str, found: Found) -> None:
        """One case at one door."""
        kind, opened = self.doors[name]
        way, data = self.tamperer.case(kind)
        self._put(kind, self.task, data)
        try:
            value = opened()
        except REFUSALS as refusal:
            said = type(refusal).__name__
        except Exception as error:
            said = f"{type(error).__name__}: {error}"[:200]
            found.faults.append(f"{name}, {way}: {said}")
        else:
            said = "taken"
            found.faults.append(f"{name}, {way}: taken for good: {value!r}"[:300])
        finally:
            self._put(kind, self.task, self.tamperer.pieces[kind])
        self._count(found, name, way, said)

    def work(self, kind: str, slots: str, number: int, found: Found) -> None:
        """Tasks with tampered envelopes, or checkpoints, for a worker."""
        ways: dict[str, str] = {}
        tasks: list[Task] = []
        for _ in range(number):
            task = self.gator.task(goes_on)
            way, data = self.tamperer.case(kind)
            if kind == "checkpoint":
                self._db.execute(
                    "UPDATE task SET checkpoint = ? WHERE id = ?", (task.task_id, task.task_id)
                )
                self._db.execute("INSERT INTO checkpoint VALUES (?, ?)", (self._seq(task), data))
            else:
                self._put(kind, task, data)
            ways[task.task_id] = way
            tasks.append(task)
        with Worker(self.gator, **{slots: 1}):
            self.gator.wait(tasks, timeout=60)
        for task in tasks:
            self._judge(f"{slots}: {kind}", ways[task.task_id], task, found)

    def _judge(self, name: str, way: str, task: Task, found: Found) -> None:
        said = (task.error or "taken").partition(":")[0]
        refused = said.rpartition(".")[2] in {kind.__name__ for kind in REFUSALS}
        if task.status is not Status.FAILED or not refused:
            found.faults.append(f"{name}, {way}: {task.status}: {task.error}")
        self._count(found, name, way, said)

    def _count(self, found: Found, name: str, way: str, said: str) -> None:
        found.told[name, way, said] += 1
        if self._canary.exists():
            found.faults.append(f"{name}, {way}: the canary ran")
            self._canary.rmdir()


def _raised(*notes: str | None) -> object:
    """A refusal that was told in words."""
    for note in notes:
        if note:
            raise errors.Untrusted(note)
    return None


@contextmanager
def opened(folder: Path, seed: int) -> Iterator[Doors]:
    """A store in this folder, with its doors."""
    with Gator(f"sqlite:///{folder}/tasks.sqlite") as gator:
        doors = Doors(gator, folder, seed)
        try:
            yield doors
        finally:
            doors.close()


def run(doors: Doors, cases: int) -> Found:
    """So many cases, a tenth of them given to workers."""
    found = Found(Counter(), [])
    names = list(doors.doors)
    for number in range(cases - cases // 10):
        doors.look(names[number % len(names)], found)
    left = cases // 10
    for kind, slots in itertools.cycle(itertools.product(("call", "checkpoint"), _SLOTS)):
        if left <= 0:
            break
        doors.work(kind, slots, min(left, _BATCH), found)
        left -= _BATCH
    return found


def table_of(found: Found) -> Table:
    """Who refused how many."""
    table = Table("opened by", "cases", "Untrusted", "KeyMissing", "StoreVersion", "else")
    for name in dict.fromkeys(key[0] for key in found.told):
        by: Counter[str] = Counter()
        for (door, _, said), number in found.told.items():
            if door == name:
                by[said.rpartition(".")[2]] += number
        known = [by.pop(kind.__name__, 0) for kind in REFUSALS]
        row = [sum(known) + by.total(), *known, by.total()]
        table.add_row(name, *(f"{number:,}" for number in row))
    return table


def main(
    cases: Annotated[int, typer.Option(min=20)] = 20_000,
    seed: Annotated[int, typer.Option(help="Another one gives other cases.")] = 0,
) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(XDG_DATA_HOME=folder, GATOR_NB_KEY="5a" * 32)
        with opened(Path(folder), seed) as doors:
            found = run(doors, cases)
    out = Console(width=110)
    out.print(table_of(found))
    ways = Counter[str]()
    for (_, way, _), number in found.told.items():
        ways[way] += number
    out.print(", ".join(f"{way} {number:,}" for way, number in sorted(ways.items())))
    seconds = time.monotonic() - began
    out.print(
        f"{found.told.total():,} cases, seed {seed}, {seconds:.0f} s: {len(found.faults)} faults"
    )
    for fault in found.faults[:20]:
        out.print(fault, markup=False)
    raise typer.Exit(bool(found.faults))


if __name__ == "__main__":
    typer.run(main)
