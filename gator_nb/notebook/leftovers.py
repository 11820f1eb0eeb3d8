"""What earlier sessions of this notebook left unstarted: held until a person decides."""

from ..backends.base import Filter, Presence
from ..client.workforce import lives, serves, workers
from ..gator import Gator
from ..states import BLOCKED
from ..tasks.group import records
from .standing import HELD_MEND


def hold_leftovers(gator: Gator) -> int:
    """Hold the unstarted tasks of this queue whose session is dead; answers how many.

    What died running is reaped first, so that nothing is shown to run that does not. Nothing is
    held while a live worker serves the queue: they are its to run.
    """
    gator.client.reap()
    now = gator.backend.now()
    there = [one for one in gator.backend.presences() if lives(one, now)]
    if any(one.kind == "worker" and serves(one, gator.queue_name) for one in there):
        return 0
    return gator.backend.hold(gator.queue_name, spare=[one.id for one in there])


def held_note(gator: Gator) -> str:
    """Hold them, and a line about it; empty when there are none."""
    held = hold_leftovers(gator)
    if not held:
        return ""
    tasks = "1 task from before is" if held == 1 else f"{held} tasks from before are"
    return f"{tasks} held: {HELD_MEND}"


def held_ids(gator: Gator) -> list[str]:
    """The held tasks of this queue, newest first."""
    where = Filter(status=frozenset({BLOCKED}), queue=gator.queue_name)
    return [record.id for record in records(gator.backend, where) if record.held]


def workers_of(gator: Gator) -> list[Presence]:
    """The live workers that serve this queue."""
    return [
        one.presence for one in workers(gator.backend) if serves(one.presence, gator.queue_name)
    ]
