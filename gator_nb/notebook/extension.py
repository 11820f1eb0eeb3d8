"""What `%load_ext gator_nb` does: a `gator` for this notebook, and nothing that costs time."""

from collections.abc import Sequence
from typing import Any

from ..gator import Gator
from ..record import Record, place_of
from .leftovers import hold_leftovers
from .magics import HELD_MEND, GatorMagics
from .queue_name import SCRATCH, notebook_queue
from .streams import restore_streams, route_streams

_NAME = "gator"


class NotebookGator(Gator):
    """The `gator` of a notebook: it starts a worker by itself at the first push."""

    def _after_push(self, records: Sequence[Record]) -> None:
        if not self.starts_workers:
            return
        places = {place_of(record.lane) for record in records if record.unstarted}
        if "process" in places:
            self.crew.have_processes()
        if places - {"process"}:
            self.crew.have_threads()

    @property
    def starts_workers(self) -> bool:
        """On a server others may serve the queue; here nobody else would."""
        return self.conn_string.partition("://")[0] in {"memory", "locmem", "sqlite"}


def load(shell: Any) -> None:
    """Put `gator` into the namespace; again and again it is the same one.

    Tasks of this queue that a dead session left unstarted are held, unless a live worker serves
    them, and one line says so.
    """
    if isinstance(shell.user_ns.get(_NAME), NotebookGator):
        return
    queue = notebook_queue(shell.user_ns)
    gator = NotebookGator(None, queue)
    shell.push({_NAME: gator}, interactive=False)
    if queue == SCRATCH:
        print(  # noqa: T201
            f"gator_nb: this notebook's name is not known, so its queue is {SCRATCH!r}; "
            "set $GATOR_NB_QUEUE for one of its own"
        )
    route_streams()
    shell.register_magics(GatorMagics(shell, gator))
    held = hold_leftovers(gator)
    if held:
        tasks = "1 task from before is" if held == 1 else f"{held} tasks from before are"
        print(f"{tasks} held: {HELD_MEND}")  # noqa: T201


def unload(shell: Any) -> None:
    """Stop the worker and take `gator` out of the namespace."""
    gator = shell.user_ns.get(_NAME)
    if isinstance(gator, NotebookGator):
        gator.close()
        shell.drop_by_id({_NAME: gator})
        restore_streams()
        shell.magics_manager.magics["line"].pop("gator", None)
