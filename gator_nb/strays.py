"""Claims that a store gave to a worker in a reply that never came.

Nobody runs such a task, and nobody else takes it, because the worker lives.
"""

from collections.abc import Container

from .backends.base import Backend, Filter
from .group import records
from .states import RUNNING


def strays(backend: Backend, worker: str, held: Container[str]) -> list[tuple[str, str]]:
    """The (task id, claim) pairs of `worker` that it does not know of."""
    running = records(backend, Filter(status=frozenset({RUNNING}), worker=worker))
    claims = ((one.id, one.claim or "") for one in running if one.worker == worker)
    return [(task_id, claim) for task_id, claim in claims if claim not in held]
