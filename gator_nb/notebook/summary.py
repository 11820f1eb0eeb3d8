"""What a notebook's queue holds, and who runs it: as text, and as a card."""

from typing import TYPE_CHECKING, NamedTuple

from ..client.workforce import unserved_lanes, workers
from ..states import Status
from .card import queue_html
from .leftovers import held_ids
from .standing import HELD_MEND

if TYPE_CHECKING:
    from .own_gator import NotebookGator


class Summary(NamedTuple):
    """Where a queue stands."""

    queue: str
    store: str
    counts: dict[Status, int]
    held: int
    notes: list[str]
    """Who serves it, and what no worker can run."""
    paused: str
    """What there is to say of a queue that is paused; else empty."""

    @property
    def text(self) -> str:
        """A line a status, and the notes."""
        lines = [f"queue {self.queue!r} in {self.store}{self.paused and f', {self.paused}'}"]
        lines += [f"{status!s:>10} {number}" for status, number in self.counts.items()]
        lines += [f"{'held':>10} {self.held} of the blocked: {HELD_MEND}"] if self.held else []
        return "\n".join([*lines, *self.notes])

    @property
    def html(self) -> str:
        """The same as a card."""
        held = [f"{self.held} held: {HELD_MEND}"] if self.held else []
        notes = [*filter(None, [self.paused]), *held, *self.notes]
        return queue_html(self.queue, self.store, self.counts, notes)


def summary_of(gator: "NotebookGator") -> Summary:
    """Where the queue of a notebook stands now.

    Raises:
        GatorError: the store does not answer.
    """
    backend, queue = gator.backend, gator.queue_name
    found = gator.counts()
    counts = {status: found[status] for status in Status if found.get(status)}
    held = len(held_ids(gator)) if counts.get(Status.BLOCKED) else 0
    paused = "paused: `%gator resume` lets it go on" if queue in backend.paused() else ""
    stuck = unserved_lanes(backend, [queue], workers(backend))
    there = [f"{one.why}; {one.mend(backend)}" for one in stuck if one.missing != "worker"]
    return Summary(queue, gator.conn_string, counts, held, [gator.served_by, *there], paused)
