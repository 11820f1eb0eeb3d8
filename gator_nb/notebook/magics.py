"""`%gator`: the queue of this notebook by a word. Only words are taken apart here; what they do
is the gator's."""

import shlex
from collections.abc import Callable, Sequence
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class

from ..gator import Gator
from ..group import Group
from ..states import TERMINAL, Status
from ..task import Task
from .leftovers import held_ids, workers_of

HELD_MEND = "`%gator resume` or `%gator cancel --held`"


@magics_class
class GatorMagics(Magics):
    """The magics of one notebook's `gator`."""

    def __init__(self, shell: Any, gator: Gator) -> None:
        super().__init__(shell)
        self.gator = gator
        self._verbs: dict[str, Callable[[Sequence[str]], Group | None]] = {
            "status": self._status,
            "resume": self._resume,
            "cancel": self._cancel,
            "wait": self._wait,
        }

    @line_magic("gator")  # type: ignore[arg-type]
    def run(self, line: str) -> Group | None:
        """The queue of this notebook.

        %gator                  what it holds, and who runs it
        %gator resume           let the held tasks go on
        %gator cancel ID...     cancel tasks, by id, the start of an id, or name
        %gator cancel --held    cancel the held ones
        %gator wait             wait for all that was pushed here; raise when some failed
        """
        verb, *words = shlex.split(line) or ["status"]
        if verb not in self._verbs:
            raise UsageError(f"%gator knows no {verb!r}; it knows {', '.join(self._verbs)}")
        return self._verbs[verb](words)

    def _status(self, words: Sequence[str]) -> None:
        _none(words, "status")
        counts = self.gator.counts()
        held = len(held_ids(self.gator)) if counts.get(Status.BLOCKED) else 0
        lines = [f"queue {self.gator.queue_name!r} in {self.gator.conn_string}"]
        lines += [f"{status!s:>10} {counts[status]}" for status in Status if counts.get(status)]
        lines += [f"{'held':>10} {held} of the blocked: {HELD_MEND}"] if held else []
        print("\n".join([*lines, _served_by(self.gator)]))  # noqa: T201

    def _resume(self, words: Sequence[str]) -> None:
        _none(words, "resume")
        number = self.gator.backend.unhold(self.gator.queue_name)
        if number:
            self.gator.start_worker()
        print(f"{_tasks(number)} resumed" if number else "nothing is held")  # noqa: T201

    def _cancel(self, words: Sequence[str]) -> None:
        if not words:
            raise UsageError("%gator cancel: give ids or names, or --held")
        flags = [word for word in words if word.startswith("-")]
        if flags and (flags != ["--held"] or len(words) > 1):
            raise UsageError(f"%gator cancel {' '.join(words)}: give ids or names, or --held alone")
        ids = held_ids(self.gator) if flags else [self._one(word).task_id for word in words]
        records = self.gator.backend.cancel(ids, by="notebook")
        asked = sum(not record.done for record in records)
        print(  # noqa: T201
            f"{_tasks(len(records) - asked)} canceled"
            + (f", {asked} asked to stop" if asked else "")
        )

    def _wait(self, words: Sequence[str]) -> Group:
        _none(words, "wait")
        return self.gator.wait()

    def _one(self, word: str) -> Task:
        """The task that a word means: its id, its name, or the start of one open task's id."""
        found = self.gator.find(word)
        if found is not None:
            return found
        open_ones = [task for task in self.gator if task.status not in TERMINAL]
        meant = [task for task in open_ones if task.task_id.startswith(word)]
        if len(meant) != 1:
            said = "no task that has not ended" if not meant else f"{len(meant)} tasks"
            raise UsageError(f"%gator cancel {word}: {said} by that id or name")
        return meant[0]


def _none(words: Sequence[str], verb: str) -> None:
    if words:
        raise UsageError(f"%gator {verb} takes no more words, not {' '.join(words)!r}")


def _tasks(number: int) -> str:
    return f"{number} task{'' if number == 1 else 's'}"


def _served_by(gator: Gator) -> str:
    workers = workers_of(gator)
    if not workers:
        return "no worker runs; the next push starts one"
    slots = sum(worker.slots for worker in workers)
    return f"{len(workers)} worker{'' if len(workers) == 1 else 's'}, {slots} at a time"
