"""One server: push, drain by one worker process, and push to result, beside other queues."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import redis

from ..redis.servers import RunningServer, running
from .measure import BARE, Case, Plan, Target
from .peers import chosen, database_of
from .stores import Bench, Names

_ON = Names.on("redis")
TARGETS = [
    Target(_ON.push, "best peer", 1),
    Target(_ON.map, "best peer", 3, than_what=_ON.push),
    Target(_ON.drain, "best peer", 6),
    Target(_ON.drain, BARE, 0.5),
    Target(_ON.call, "huey", 2),
    Target(_ON.call, BARE, 1 / 1.3),
]


@contextmanager
def cases(plan: Plan) -> Iterator[list[Case]]:
    """The cases, on a server that is there while this is open."""
    with running() as server:
        bench = Bench("redis", partial(_place, server), plan)
        who = chosen(full=plan.peers)
        yield [*bench.cases(who), *bench.drains(who)]


@contextmanager
def _place(server: RunningServer, name: str) -> Iterator[str]:
    db = database_of(name)
    with redis.Redis(port=server.port, db=db) as client:
        client.flushdb()
    yield f"redis://127.0.0.1:{server.port}/{db}"
