"""The reference backend: tasks in this process, gone with it.

`memory://` is a store of its own; `memory://name` is one that all who open that name share, for
as long as one of them has it open.

Read it from the records outward: `store` keeps them and takes in what a step has changed, `step`
has one method for each transition, `index` every line and counter that follows from the records,
`put`, `ready` and `retention` decide what is stored, served and forgotten, `backend` has the verbs.
"""

from .backend import MemoryBackend

__all__ = ["MemoryBackend"]
