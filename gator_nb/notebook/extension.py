"""What `%load_ext gator_nb` does: a `gator` for this notebook, and nothing that costs time."""

from typing import Any

from .completion import complete_words
from .leftovers import held_note
from .magics import GatorMagics
from .own_gator import NotebookGator
from .queue_name import SCRATCH, notebook_queue
from .stores import NAME, Stores
from .streams import restore_streams, route_streams


def load(shell: Any) -> None:
    """Put `gator` into the namespace; again and again it is the same one.

    In a store of this user, tasks of this queue that a dead session left unstarted are held, unless
    a live worker serves them, and one line says so.
    """
    loaded = _magics(shell)
    if loaded is not None:
        loaded.stores.show()
        return
    queue = notebook_queue(shell.user_ns)
    gator = NotebookGator.on(None, queue)
    stores = Stores(shell, gator, queue)
    stores.show()
    if queue == SCRATCH:
        print(  # noqa: T201
            f"gator_nb: this notebook's name is not known, so its queue is {gator.queue_name!r}; "
            "set $GATOR_NB_QUEUE for one of its own"
        )
    route_streams()
    magics = GatorMagics(shell, stores)
    shell.register_magics(magics)
    complete_words(shell, magics)
    note = held_note(gator) if gator.starts_workers else ""
    if note:
        print(note)  # noqa: T201


def unload(shell: Any) -> None:
    """Stop the workers and take `gator` out of the namespace."""
    loaded = _magics(shell)
    if loaded is None:
        return
    loaded.arrivals.close()
    loaded.stores.close()
    shell.drop_by_id({NAME: loaded.stores.current})
    restore_streams()
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop("gator", None)
    del shell.magics_manager.registry[GatorMagics.__name__]


def _magics(shell: Any) -> GatorMagics | None:
    found: GatorMagics | None = shell.magics_manager.registry.get(GatorMagics.__name__)
    return found
