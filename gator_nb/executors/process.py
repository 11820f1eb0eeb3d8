"""User code in processes, which can be stopped whatever it does: the worker's side.

What the worker asks for is noted here and done by the one thread of the `Nursery`, which is woken
by a byte on a socket.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from ..attempts.running import Cause, Running
from ..backends.base import Claimed
from ..client.client import Client
from ..host.capacities import Capacities
from ..host.process_tree import adopt_orphans
from .base import Report
from .child_process import ProcessTry
from .nursery import Nursery
from .tries import Tries


class ProcessExecutor:
    """Runs tasks in `slots` processes.

    Args:
        capacities: of the worker, which tell the GPUs of each claim.
        name: of the worker; its children and all that they start carry it.
        lease: seconds of silence after which the worker counts as lost on another host.
        adopts: this process does nothing else, so it may become the parent of what a child leaves
            behind when it dies, and end that whatever it did to hide.
        on_event: called from another thread when a task has ended or told something.
        log: told of children that do not come up.
    """

    kills = True
    apart = True

    def __init__(
        self,
        client: Client,
        slots: int,
        *,
        capacities: Capacities,
        name: str,
        lease: float,
        adopts: bool,
        on_event: Callable[[], None],
        log: Callable[[str], None],
    ) -> None:
        self.slots = slots
        self.lanes = client.lanes("process")
        self.lease = lease
        self.capacities = capacities
        self.inbox: deque[Claimed] = deque()
        self.closing = False
        self.tries: Tries[ProcessTry] = Tries(client, on_event)
        self.told = on_event
        self.adopts = adopts
        if adopts:
            adopt_orphans()
        self._bell, self.ear = socket.socketpair()
        self._bell.setblocking(False)
        self.ear.setblocking(False)
        nursery = Nursery(self, client, slots, name, log)
        self._thread = threading.Thread(
            target=nursery.serve, name="gator_nb processes", daemon=True
        )
        self._thread.start()

    # -- for the worker ----------------------------------------------------------------------------

    def submit(self, claimed: Sequence[Claimed]) -> None:
        self.inbox.extend(claimed)
        self.ring()

    def waiting(self) -> int:
        return len(self.inbox)

    def running(self) -> Sequence[ProcessTry]:
        return self.tries.running()

    def reports(self) -> list[Report]:
        return self.tries.reports()

    def withdraw(self) -> list[Claimed]:
        taken: list[Claimed] = []
        while (claimed := self.next_task()) is not None:
            taken.append(claimed)
        return taken

    def interrupt(self, one: Running, cause: Cause) -> None:
        if one.cause is None or (cause == "kill" and one.cause != "kill"):
            one.asked(cause)
            one.cause = cause
            self.ring()

    def close(self) -> bool:
        self.closing = True
        self.ring()
        self._thread.join()
        self._bell.close()
        self.ear.close()
        return True

    def ring(self) -> None:
        """Wake the nursery."""
        with suppress(BlockingIOError):  # then it has been rung often enough
            self._bell.send(b"!")

    # -- for the nursery ---------------------------------------------------------------------------

    def next_task(self) -> Claimed | None:
        """Take the next task to run; None when there is none."""
        try:
            return self.inbox.popleft()
        except IndexError:
            return None

    def put_back(self, claimed: Claimed) -> None:
        """Have it be the next task again."""
        self.inbox.appendleft(claimed)
