"""What surrounds code where it runs: the store that a handle or a gator that travelled binds to,
and the try that it is a part of.

A worker has a store of its own while it runs a task, a handle the one that it reads from.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .client import Client

_SLICE = 0.2
"""Seconds that a task waits at a time: it can be stopped only in between."""


class Surrounding(Protocol):
    """The try that code is a part of, as what it waits with and uses sees it."""

    loops: list[Callable[[], object]]
    """How to cancel what it awaits, a function for each of its loops."""

    def pause(self) -> AbstractContextManager[None]:
        """Around a wait: it takes no slot meanwhile, and stops afterwards when that was asked."""

    def check_once(self) -> None:
        """Stop here when that was asked for, unless it has been told."""


TRY: ContextVar[Surrounding | None] = ContextVar("gator_nb_try", default=None)
"""None outside of tasks."""

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
    one = TRY.get()
    return nullcontext() if one is None else one.pause()


def slice_of(left: float | None) -> float | None:
    """How long to wait at a time when `left` seconds are left; None is without end."""
    if TRY.get() is None:
        return left
    return _SLICE if left is None else min(left, _SLICE)


def stop_if_asked() -> None:
    """Where a task uses its queue: it is not interrupted in there, but stops before."""
    one = TRY.get()
    if one is not None:
        one.check_once()
