"""The store that code works with where it runs: what a handle or a gator that travelled binds to.

A worker has its own while it runs a task, a handle the one that it reads from.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import Client

CLIENT: ContextVar["Client | None"] = ContextVar("gator_nb_client", default=None)


@contextmanager
def working_with(client: "Client") -> Iterator[None]:
    """While it is open, what is pickled or unpickled belongs to this store."""
    token = CLIENT.set(client)
    try:
        yield
    finally:
        CLIENT.reset(token)
