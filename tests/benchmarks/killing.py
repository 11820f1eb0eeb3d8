"""How soon a task of a worker that was killed by SIGKILL runs elsewhere: on this host, where a lock
tells at once, and beside another one, of which a lease alone tells."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from gator_nb import Gator, Worker
from gator_nb.constants import PROCESS_LEASE

from ..redis.hosts import Host, RemoteWorker
from ..redis.servers import running
from ..waiting import until

_PATIENCE = 60.0


@contextmanager
def watched(*, elsewhere: bool) -> Iterator[Callable[[], float]]:
    """A worker that runs a task, and another one that will take it over; the call kills the first
    and answers the seconds until its task has run. It can be made once."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running())
        gator = stack.enter_context(Gator(server.dsn()))
        host = Host(folder, elsewhere=elsewhere)
        stack.callback(host.close)
        doomed = host.worker(gator.backend.address, processes=1)
        begun, goes_on = folder / "begun", folder / "goes_on"

        def work() -> float:
            begun.touch()
            while not goes_on.exists():
                time.sleep(0.01)
            return time.time()

        task = gator.options(run_in="process").task(work)
        until(begun.exists, _PATIENCE)
        stack.enter_context(Worker(gator, processes=1, log_level=50))
        there = time.monotonic()

        def kill() -> float:
            if elsewhere:  # nothing is taken by lease before one has passed since we came
                time.sleep(max(0.0, there + PROCESS_LEASE - time.monotonic()))
            return _killed(doomed, goes_on, lambda: task.get(timeout=_PATIENCE))

        yield kill


def _killed(worker: RemoteWorker, goes_on: Path, ran: Callable[[], float]) -> float:
    worker.kill()
    at = time.time()
    goes_on.touch()
    return ran() - at
