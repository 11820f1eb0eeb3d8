"""A worker in a process of its own, attached to the one that started it.

`python -m gator_nb.attached` reads what to serve from its first line of input, answers one line
once it is registered or cannot be, and runs until its input ends (whoever started it is gone), it
is told to stop, or it is signaled. Detached, it closes its input and outlives who started it.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from .errors import GatorError
from .gator import Gator
from .places import runtime_folder
from .worker import Worker


class Order(NamedTuple):
    """What an attached worker is to do."""

    address: str
    queues: Sequence[str]
    processes: int
    name: str | None = None
    detach: bool = False


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
        worker = Worker(gator, to_consume=order.queues, processes=order.processes, name=order.name)
        threading.Thread(target=_tell_ready, args=(worker, order.detach), daemon=True).start()
        if not order.detach:
            threading.Thread(target=_mind_lifeline, args=(worker,), daemon=True).start()
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


def _mind_lifeline(worker: Worker) -> None:
    """Stop when told so, and at once when whoever holds the other end is gone."""
    line = sys.stdin.readline()
    timeout = json.loads(line)["stop"] if line else 0.0
    worker.stop(timeout)


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
