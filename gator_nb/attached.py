"""A worker in a process of its own, attached to the one that started it.

`python -m gator_nb.attached` reads what to serve from its first line of input, answers one line
once it is registered or cannot be, and runs until its input ends (whoever started it is gone), it
is told to stop, or it is signaled. Detached, it closes its input and outlives who started it.
"""

import json
import logging
import os
import select
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from .errors import GatorError
from .gator import Gator
from .host.places import runtime_folder
from .needs import Needs
from .workers.worker import Worker


class Order(NamedTuple):
    """What an attached worker is to do."""

    address: str
    queues: Sequence[str]
    processes: int
    name: str | None = None
    detach: bool = False
    parent: int = 0
    """The process with which it ends."""
    has: Needs | None = None


def main() -> int:
    """Run one worker; answers the exit code."""
    order = Order(**json.loads(sys.stdin.readline()))
    log_file = _log_to_file()
    try:
        gator = Gator(order.address, order.queues[0])
    except GatorError as error:
        _answer(sys.stdout, error=str(error))
        return 2
    with gator:
        options: dict[str, Any] = {
            "to_consume": order.queues, "processes": order.processes, "name": order.name,
            "has": order.has,
        }  # fmt: skip
        if order.detach:
            worker = Worker(gator, **options)
        else:
            worker = _Attached(gator, order.parent, **options)
        threading.Thread(target=_tell_ready, args=(worker, order.detach), daemon=True).start()
        code = worker.run_forever()
    log_file.unlink(missing_ok=True)
    return code


def _tell_ready(worker: Worker, detach: bool) -> None:
    worker.registered.wait()
    _answer(sys.stdout, ready=worker.id, pid=os.getpid())
    if detach:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.close(null)


class _Attached(Worker):
    """Ends when told so, and at once when whoever started it is gone."""

    def __init__(self, gator: Gator, parent: int, **options: Any) -> None:
        super().__init__(gator, **options)
        self._parent = parent

    def _begin(self) -> None:
        super()._begin()
        # Not before: there would be nothing to stop, and it would then run for ever.
        for mind in (self._mind_lifeline, self._mind_parent):
            threading.Thread(target=mind, daemon=True).start()

    def _mind_lifeline(self) -> None:
        for line in sys.stdin:
            timeout = json.loads(line)["stop"]
            self.interrupt()
            if timeout is not None:
                timer = threading.Timer(timeout, self.cut_short)
                timer.daemon = True
                timer.start()
        self.cut_short()

    def _mind_parent(self) -> None:
        """What whoever started it has forked may hold the lifeline open after its death."""
        if hasattr(os, "pidfd_open"):
            with suppress(ProcessLookupError):  # it is gone already
                select.select([os.pidfd_open(self._parent)], [], [])
            self.cut_short()


def _answer(stream: TextIO, **fields: Any) -> None:
    print(json.dumps(fields), file=stream, flush=True)


def _log_to_file() -> Path:
    """Where the log is while it runs; one that ends badly leaves it behind."""
    folder = runtime_folder() / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"worker-{os.getpid()}.log"
    logging.basicConfig(filename=path, level=logging.INFO, format="%(asctime)s %(message)s")
    return path


if __name__ == "__main__":
    sys.exit(main())
