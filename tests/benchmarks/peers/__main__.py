"""`python -m tests.benchmarks.peers NAME PORT`: a worker of that queue, until its input ends."""

import os
import sys
import threading

from . import database_of, peer_class


def _end_with_the_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    name, port = sys.argv[1:]
    queue = peer_class(name)(int(port), database_of(name))
    threading.Thread(target=_end_with_the_input, daemon=True).start()
    queue.serve()
