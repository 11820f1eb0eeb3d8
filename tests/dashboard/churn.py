"""Changes a store all the time: pushes, claims and settles, until its input ends."""

import sys
import threading
import time

from gator_nb import Gator, Status
from gator_nb.backends.base import Presence, Settlement
from gator_nb.definition import Definition, new_id
from gator_nb.payload import Call
from gator_nb.record import lane_of

_BATCH = 50
_LANE = lane_of("churn", "churn")
_CHANGES = 3
"""Of each task: pushed, claimed, settled."""


def churn(gator: Gator, rate: float, ended: threading.Event) -> float:
    """Make `rate` changes a second; how many they were in fact."""
    backend, client = gator.backend, gator.client
    session, worker = client.arrive(), new_id()
    backend.register(Presence(worker, "worker", name="churn", queues=("churn",), lanes=(_LANE,)))
    pattern = Definition(new_id(), Call(abs, (1,), {})).to_push(client.keyring, "churn", session)
    begun, made = time.monotonic(), 0
    while not ended.is_set():
        pushes = [
            pattern._replace(
                record=pattern.record._replace(
                    id=(one := new_id()), origin=one, label="churn", call_key=None, lane=_LANE
                )
            )
            for _ in range(_BATCH)
        ]
        backend.put(pushes)
        claimed = backend.claim(worker, ["churn"], [_LANE], _BATCH)
        ends = [
            Settlement(one.record.id, one.record.claim or "", Status.SUCCESS, 0) for one in claimed
        ]
        backend.settle(ends)
        made += _CHANGES * _BATCH
        ended.wait(max(0.0, begun + made / rate - time.monotonic()))
    taken = time.monotonic() - begun
    backend.unregister(worker)
    return made / taken


if __name__ == "__main__":
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    with Gator(sys.argv[1], "churn") as opened:
        print("begun", flush=True)
        print(churn(opened, float(sys.argv[2]), stop))
