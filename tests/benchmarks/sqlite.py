"""One SQLite file: push, drain by one worker process, and push to result, beside huey and apsw."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .measure import BARE, Case, Limit, Plan, Target
from .peers import ON_SQLITE, chosen
from .stores import Bench, Names

_ON = Names.on("sqlite")
TARGETS = [
    Target(_ON.drain, "huey", 4),
    Target(_ON.push, "huey", 1),
    Target(_ON.call, "huey", 2),
    Target(_ON.call, BARE, 1 / 1.3),
    Limit(_ON.call, 0.5),
]


@contextmanager
def cases(plan: Plan) -> Iterator[list[Case]]:
    """The cases; each has a file of its own."""
    bench = Bench("sqlite", _place, plan)
    who = [name for name in chosen(full=plan.peers) if name in ON_SQLITE]
    yield [*bench.cases(who), *bench.drains(who)]


@contextmanager
def _place(name: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder)}/{name}.sqlite"
