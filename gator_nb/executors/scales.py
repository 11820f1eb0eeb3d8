"""Ending tasks that hold more memory than they asked for, before the host is short of it."""

import time
from collections.abc import Iterable

from ..attempts.attempt import Ended, stopped_from_outside
from ..host.process_tree import resident_memory
from ..needs import as_size
from ..record import Reason
from .child_process import ChildProcess, ProcessTry

_EVERY = 0.2
"""Seconds between two looks."""


class Scales:
    """Looks from time to time at what the tasks of some children hold, with all that they have
    started. Linux tells; elsewhere nobody is ended."""

    def __init__(self) -> None:
        self._looked_at = 0.0

    def weigh(self, children: Iterable[ChildProcess]) -> None:
        """Kill those whose task holds more than its `needs` say."""
        now = time.monotonic()
        if now - self._looked_at < _EVERY:
            return
        self._looked_at = now
        for child in children:
            one = child.one
            if one is None or one.most_memory is None or one.cause is not None or child.doomed:
                continue
            held = resident_memory(child.process.pid, one.most_memory)
            if held > one.most_memory:
                one.overweight = held
                child.kill()


def end_by_weight(one: ProcessTry, peak: int) -> Ended:
    """How such a try ended: as one that raised."""
    held, asked = as_size(one.overweight or 0), as_size(one.most_memory or 0)
    error = MemoryError(
        f"the task held {held} of memory and had asked for {asked}: ask for more with "
        'needs={"memory": ...}'
    )
    ended = stopped_from_outside(one, error, Reason.ERROR)
    return ended._replace(peak_memory=max(peak, one.overweight or 0))
