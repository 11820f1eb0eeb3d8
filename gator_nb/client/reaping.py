"""Finding who died: what they held is taken, what they left running is ended."""

from pathlib import Path

from ..backends.base import Backend, Presence
from ..host.liveness import Life, probe
from ..host.process_tree import kill_marked
from ..record import Record


def reap(backend: Backend) -> list[Record]:
    """Find who died, end what the children of theirs have left, take their claims, and forget them.

    Whoever holds its lock is alive, however late its lease: it is renewed on its behalf.
    """
    now = backend.now()
    dead: list[Presence] = []
    living: list[str] = []
    for presence in backend.presences():
        life = probe(presence.lock, presence.boot)
        if life is Life.DEAD:
            dead.append(presence)
        elif life is Life.ALIVE:
            living.append(presence.id)  # this host may sleep before it gets to the reap below
            if now - presence.renewed > presence.lease / 2:
                backend.renew(presence.id, [])
    for presence in dead:
        if presence.kind == "worker":
            kill_marked(f"{presence.id}:")  # before anybody runs its tasks again
    moved = backend.reap([presence.id for presence in dead], living)
    for presence in dead:
        backend.unregister(presence.id)
        Path(presence.lock).unlink(missing_ok=True)
    return moved
