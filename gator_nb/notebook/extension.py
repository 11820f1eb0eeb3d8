"""What `%load_ext gator_nb` does: a `gator` for this notebook, and nothing that costs time."""

from typing import Any

from ..gator import Gator
from ..liveness import Life, probe
from .queue_name import SCRATCH, notebook_queue

_NAME = "gator"


class NotebookGator(Gator):
    """The `gator` of a notebook: it starts a worker by itself at the first push."""

    def _after_push(self) -> None:
        self.start_worker()


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
    held = hold_leftovers(gator)
    if held:
        print(  # noqa: T201
            f"{held} task{'s' if held > 1 else ''} from before are held: "
            "`%gator resume` or `%gator cancel --held`"
        )


def unload(shell: Any) -> None:
    """Stop the worker and take `gator` out of the namespace."""
    gator = shell.user_ns.get(_NAME)
    if isinstance(gator, NotebookGator):
        gator.close()
        shell.drop_by_id({_NAME: gator})


def hold_leftovers(gator: Gator) -> int:
    """Hold the unstarted tasks of this queue whose session is dead; answers how many.

    Nothing is held while a live worker serves the queue: they are its to run.
    """
    there = [p for p in gator.backend.presences() if probe(p.lock, p.boot) is not Life.DEAD]
    served = any(
        p.kind == "worker" and ("*" in p.queues or gator.queue_name in p.queues) for p in there
    )
    if served:
        return 0
    return gator.backend.hold(gator.queue_name, spare=[p.id for p in there])
