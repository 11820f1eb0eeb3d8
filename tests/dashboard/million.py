"""Fills a store with many believable tasks, most of them ended, and times the dashboard on it.

python -m tests.dashboard.million sqlite:///million.sqlite 1000000
"""

import random
import sys
import time
from collections.abc import Iterator

from gator_nb import Gator, Status
from gator_nb.backends.base import Presence, Push, Settlement
from gator_nb.client.client import Client
from gator_nb.dashboard.following import Following, Look
from gator_nb.dashboard.query import parse
from gator_nb.dashboard.searching import SEARCHED
from gator_nb.definition import PYTHON, Definition, new_id
from gator_nb.payload import Call, CallHeader, Packing, seal_call
from gator_nb.record import Record

BATCH = 1000
ENDED = 0.85
_QUEUES = ("research", "etl", "score", "reports")
_NAMES = ("fit", "load table", "score batch", "rebuild features", "report")
_ERRORS = ("ValueError: no column 'price'", "TimeoutError: the API is slow", "KeyError: 7")
FILTERS = (
    "", "status:failed", "status:queued queue:etl", 'name:"fit"', "tag:sweep status:failed",
    "error:price", "nothing that matches",
)  # fmt: skip


def score(base: float, batch: int) -> float:
    """What every one of them is."""
    return base * batch


def fill(client: Client, count: int) -> None:
    """Push `count` tasks, and end most of them."""
    chance = random.Random(0)
    backend, session = client.backend, client.arrive()
    backend.register(Presence("lab", "worker", name="lab-1", queues=("*",), lease=1e9))
    lanes = client.lanes("thread")
    call = Call(score, (0.5, 7), {})
    pattern = Definition(new_id(), call).to_push(client.keyring, "research", session)
    payload = Packing().packed(call).payload
    for done in range(0, count, BATCH):
        backend.put([_push(pattern, payload, client, chance) for _ in range(BATCH)])
        wanted = int(BATCH * ENDED)
        while wanted > 0 and (claimed := backend.claim("lab", None, lanes, min(wanted, 200))):
            wanted -= len(claimed)
            backend.settle(list(_ends((one.record for one in claimed), chance)))
        if done % 100_000 == 0:
            print(f"{done:,} tasks", flush=True)
    backend.unregister("lab")


def _push(pattern: Push, payload: bytes, client: Client, chance: random.Random) -> Push:
    """One more of the same call: what differs is signed, what does not is pickled once."""
    name, queue, task_id = chance.choice(_NAMES), chance.choice(_QUEUES), new_id()
    tags = ("sweep",) if name == "fit" else ()
    record = pattern.record._replace(
        id=task_id, origin=task_id, queue=queue, name=name, label=name, tags=tags, call_key=None
    )
    header = CallHeader(
        origin=task_id, queue=queue, label=name, python=PYTHON, options={}, name=name,
        function="models.score", parameters={"base": 0.5, "batch": 7},
    )  # fmt: skip
    return Push(record, seal_call(client.keyring, header, payload))


def _ends(records: Iterator[Record], chance: random.Random) -> Iterator[Settlement]:
    for record in records:
        failed = chance.random() < 0.04
        error = chance.choice(_ERRORS) if failed else None
        status = Status.FAILED if failed else Status.SUCCESS
        yield Settlement(
            record.id,
            record.claim or "",
            status,
            0,
            error=error,
            reason="error" if failed else None,
        )


def measure(client: Client) -> None:
    """Time what a person waits for: the first look, each filter, the next page."""
    started = time.perf_counter()
    following = Following(client.backend)
    following.step([Look(charts=True)], 0.0)
    print(f"first look: {1e3 * (time.perf_counter() - started):.0f} ms")
    for text in FILTERS:
        look = Look(query=parse(text))
        told = [f"{text or 'no filter'!r}: {_timed(following, look):.0f} ms"]
        sight = following.step([look], 0.0)[0]
        if sight.searched is not None:
            steps = 1
            while sight.search == "going" and steps < SEARCHED:
                steps += 1
                sight = following.step([look], 0.0)[0]
            told.append(f"searched {sight.searched:,} in {steps + 1} steps")
        elif sight.page.next is not None:
            told.append(
                f"next page {_timed(following, look._replace(after=sight.page.next)):.0f} ms"
            )
        print(", ".join(told))
    idle = [_timed(following, Look(charts=True)) for _ in range(20)]
    print(f"a step in which nothing has changed: {sorted(idle)[10]:.1f} ms")


def _timed(following: Following, look: Look) -> float:
    started = time.perf_counter()
    following.step([look], 0.0)
    return 1e3 * (time.perf_counter() - started)


if __name__ == "__main__":
    dsn, wanted = sys.argv[1], int(sys.argv[2])
    with Gator(dsn) as gator:
        missing = wanted - sum(sum(by.values()) for by in gator.backend.counts().values())
        if missing > 0:
            fill(gator.client, missing)
        measure(gator.client)
