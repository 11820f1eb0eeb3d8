"""One server: push, drain by one worker process, and push to result, beside other queues."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import redis

from ..redis.servers import RunningServer, running
from .measure import Case, Target, median_time, per_second
from .peers import Peer, database_of, installed, peer_class

_WARM = 50
_PUSHES = 1000
_MAPPED = 1000
_CALLS = 150
_LOOK_EVERY = 0.005
_PATIENCE = 60.0

_PUSH = "redis: push one by one"
_MAP = "redis: push as map"
_DRAIN = "redis: drain, one worker process"
_CALL = "redis: push to result, two processes, p50"

TARGETS = [
    Target(_PUSH, "best peer", 1),
    Target(_MAP, "best peer", 3, than_what=_PUSH),
    Target(_DRAIN, "best peer", 6),
    Target(_DRAIN, "bare", 0.5),
    Target(_CALL, "huey", 2),
    Target(_CALL, "bare", 1 / 1.3),
]


@contextmanager
def cases() -> Iterator[list[Case]]:
    """The cases, on a server that is there while this is open."""
    with running() as server:
        yield [
            *(Case(_PUSH, name, "/s", partial(_push, server, name)) for name in installed()),
            *(Case(_MAP, name, "/s", partial(_map, server, name)) for name in ("bare", "gator_nb")),
            *(Case(_DRAIN, name, "/s", partial(_drain, server, name)) for name in installed()),
            *(Case(_CALL, name, "ms", partial(_call, server, name)) for name in installed()),
        ]


@contextmanager
def _opened(server: RunningServer, name: str) -> Iterator[Peer]:
    """One of the queues, with nothing in it."""
    db = database_of(name)
    with redis.Redis(port=server.port, db=db) as client:
        client.flushdb()
    peer = peer_class(name)(server.port, db)
    try:
        yield peer
    finally:
        peer.close()


@contextmanager
def _worker(server: RunningServer, name: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.peers", name, str(server.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()


def _push(server: RunningServer, name: str) -> float:
    with _opened(server, name) as peer:
        peer.push(_WARM)
        return per_second(_PUSHES, lambda: peer.push(_PUSHES))


def _map(server: RunningServer, name: str) -> float:
    with _opened(server, name) as peer:
        push_many: Callable[[int], object] = peer.push_many  # type: ignore[attr-defined]
        push_many(_WARM)
        return per_second(_MAPPED, lambda: push_many(_MAPPED))


def _drain(server: RunningServer, name: str) -> float:
    """The worker is there and warm; while the tasks are pushed it stands still."""
    with _opened(server, name) as peer, _worker(server, name) as worker:
        peer.call()
        there = peer.finished()
        os.kill(worker.pid, signal.SIGSTOP)
        peer.push(peer.drained)
        start = time.perf_counter()
        os.kill(worker.pid, signal.SIGCONT)
        while (done := peer.finished() - there) < peer.drained:
            if time.perf_counter() - start > _PATIENCE:
                raise TimeoutError(f"{name} has run {done} of {peer.drained} tasks")
            time.sleep(_LOOK_EVERY)
        return peer.drained / (time.perf_counter() - start)


def _call(server: RunningServer, name: str) -> float:
    with _opened(server, name) as peer, _worker(server, name):
        peer.call()
        return median_time(_CALLS, peer.call, 1e3)
