"""What `%load_ext gator_nb` does: a `gator` for this notebook, and nothing that costs time."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import GatorError
from .completion import complete_words
from .leftovers import held_note
from .magics import GatorMagics
from .own_gator import NotebookGator
from .queue_name import SCRATCH, Home, home_of
from .stores import NAME, Stores
from .streams import restore_streams, route_streams


def load(shell: Any) -> None:
    """Put `gator` into the namespace; again and again it is the same one.

    In a store of this user, tasks of this queue that a dead session left unstarted are held, unless
    a live worker serves them, and one line says so. Another one is for a notebook that was renamed
    or copied.
    """
    loaded = _magics(shell)
    if loaded is not None:
        loaded.stores.show()
        return
    home = home_of(shell.user_ns, _cell_id(shell))
    gator = NotebookGator.on(None, home.queue)
    stores = Stores(shell, gator, home)
    stores.show()
    if home.queue == SCRATCH:
        print(  # noqa: T201
            f"gator_nb: this notebook's name is not known, so its queue is {gator.queue_name!r}; "
            "set $GATOR_NB_QUEUE for one of its own"
        )
    route_streams()
    magics = GatorMagics(shell, stores)
    shell.register_magics(magics)
    complete_words(shell, magics)
    held = held_note(gator) if gator.starts_workers else ""
    for note in filter(None, (_origin_note(gator, home), held)):
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


def _cell_id(shell: Any) -> str:
    """Of the cell that runs, which a notebook's front end tells; "" elsewhere."""
    get_parent = getattr(shell, "get_parent", None)  # a terminal has none
    parent = get_parent() if get_parent is not None else None
    found = parent.get("metadata", {}).get("cellId") if isinstance(parent, dict) else None
    return str(found or "")


def _origin_note(gator: NotebookGator, home: Home) -> str:
    """What to know of a notebook that was another one; nothing where that has no task."""
    first = home.was or home.copied
    if first is None:
        return ""
    queue, name = gator.full_name(first.queue), Path(first.path).name
    with suppress(GatorError):
        if queue not in gator.backend.counts():
            return ""
    if home.was is not None:
        return f"this notebook was {name}: its queue is still {queue!r}"
    return (
        f"this notebook is a copy of {name}, whose tasks stay in queue {queue!r}; its own is "
        f"{gator.queue_name!r}. `%gator queue {queue}` goes on with those"
    )


def _magics(shell: Any) -> GatorMagics | None:
    found: GatorMagics | None = shell.magics_manager.registry.get(GatorMagics.__name__)
    return found
