"""Removing what ended long ago, in steps that keep nobody waiting."""

import sys

from ..backends.base import Backend

_STEP = 1_000
"""Tasks that one step of the store removes."""


def purge(backend: Backend, age: float, *, count_only: bool = False) -> int:
    """Remove the tasks that ended more than `age` seconds ago, as far as `Backend.forget` lets them
    go, and the large values that nobody needs; answers how many tasks that were, or with
    `count_only` would be."""
    before = backend.now() - age
    if count_only:
        return backend.forget(before, limit=sys.maxsize, count_only=True)
    removed = 0
    while gone := backend.forget(before, limit=_STEP):
        removed += gone
    while backend.blobs.forget():
        pass
    return removed
