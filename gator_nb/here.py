"""The store that code works with where it runs: what a handle or a gator that travelled binds to.

A worker has its own while it runs a task, a handle the one that it reads from.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import Client

Pause = Callable[[], AbstractContextManager[None]]

PAUSE: ContextVar[Pause | None] = ContextVar("gator_nb_pause", default=None)
"""Gives back the slot of the task that runs here while it only waits; None outside of tasks."""

LOOPS: ContextVar[list[Callable[[], object]] | None] = ContextVar("gator_nb_loops", default=None)
"""How to cancel what the task that runs here awaits, a function for each of its loops."""

CHECK: ContextVar[Callable[[], None] | None] = ContextVar("gator_nb_check", default=None)
"""Stops the task that runs here, when that was asked for; None outside of tasks."""

CLIENT: ContextVar["Client | None"] = ContextVar("gator_nb_client", default=None)


@contextmanager
def working_with(client: "Client") -> Iterator[None]:
    """While it is open, what is pickled or unpickled belongs to this store."""
    token = CLIENT.set(client)
    try:
        yield
    finally:
        CLIENT.reset(token)


def waiting() -> AbstractContextManager[None]:
    """Around a wait: a task that waits for another one takes no slot meanwhile."""
    pause = PAUSE.get()
    return nullcontext() if pause is None else pause()


def stop_if_asked() -> None:
    """Where a task uses its queue: it is not interrupted in there, but stops before."""
    check = CHECK.get()
    if check is not None:
        check()
