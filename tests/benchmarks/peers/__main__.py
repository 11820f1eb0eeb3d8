"""`python -m tests.benchmarks.peers NAME ADDRESS [SLOTS]`: a worker of that queue, until its input
ends. With a minus before SLOTS these are processes, and not threads."""

import logging
import os
import sys
import threading
import warnings
from typing import cast

from . import Served, opened


def _end_with_the_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    name, address, *slots = sys.argv[1:]
    logging.getLogger("gator_nb").setLevel(logging.ERROR)  # that the server keeps nothing
    warnings.simplefilter("ignore")  # celery's, of root
    queue = cast("Served", opened(name, address))
    threading.Thread(target=_end_with_the_input, daemon=True).start()
    queue.serve(int(slots[0]) if slots else 1)
