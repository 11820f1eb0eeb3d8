"""gator_nb: put any function or closure on a durable queue from a notebook, go on working, watch
it live, cancel it for real, and have its result tomorrow.

>>> from gator_nb import Gator
>>> with Gator("memory://") as gator:
...     worker = gator.start_worker()
...     gator.task(lambda x: x * 2, 21).get()
42
"""

from . import errors, keys
from .attempts.runtime import checkpoint, current_task, progress, track
from .constants import ALL, EVERY
from .gator import Gator
from .options import Options
from .states import (
    BLOCKED,
    CANCELED,
    DELAYED,
    FAILED,
    RETRYING,
    RUNNING,
    SUCCESS,
    WAITING,
    Status,
)
from .tasks.group import Group
from .tasks.ref import Ref
from .tasks.task import Task
from .workers.worker import Worker

__version__ = "0.1.0"

__all__ = [
    "ALL",
    "BLOCKED",
    "CANCELED",
    "DELAYED",
    "EVERY",
    "FAILED",
    "RETRYING",
    "RUNNING",
    "SUCCESS",
    "WAITING",
    "Gator",
    "Group",
    "Options",
    "Ref",
    "Status",
    "Task",
    "Worker",
    "checkpoint",
    "current_task",
    "errors",
    "keys",
    "progress",
    "track",
]


def load_ipython_extension(shell: object) -> None:
    """`%load_ext gator_nb`: put `gator` into the notebook; see `gator_nb.notebook`."""
    from .notebook import load

    load(shell)


def unload_ipython_extension(shell: object) -> None:
    """`%unload_ext gator_nb`: take it out again."""
    from .notebook import unload

    unload(shell)
