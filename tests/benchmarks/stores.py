"""What every store is measured by: push, map, drain, push to result, and all results of many."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import apsw

from ..waiting import until
from . import peers
from .measure import OURS, Case, Plan, p50_and_p99, per_second

_WARM = 50
_PUSHES = 1000
_MAPPED = 1000
_CALLS = 150
_LOOK_EVERY = 0.005
_PATIENCE = 60.0

_MORE_SLOTS = [("4 threads", 4, {OURS, "huey"}), ("2 processes", -2, {OURS})]
"""A number below zero is one of processes."""
NO_MANY = "pushes one by one alone"


class Names(NamedTuple):
    """What the figures of a store are called."""

    push: str
    map: str
    drain: str
    call: str
    rare: str
    gather: str

    @classmethod
    def on(cls, store: str) -> "Names":
        return cls(
            f"{store}: push one by one",
            f"{store}: push as map",
            f"{store}: drain, one worker process",
            f"{store}: push to result, two processes, p50",
            f"{store}: push to result, two processes, p99",
            f"{store}: many, pushed, run and fetched",
        )


Places = Callable[[str], AbstractContextManager[str]]
"""An address with nothing in it, for the one who is named."""


class Bench:
    """The cases of one store."""

    def __init__(self, store: str, places: Places, plan: Plan) -> None:
        self._store, self._places, self._plan = store, places, plan
        self._names = Names.on(store)

    def cases(self, who: list[str]) -> Iterator[Case]:
        """Of all of these."""
        names = self._names
        for name in who:
            yield Case.one(names.push, name, "/s", partial(self._push, name))
        for name in who:
            yield self._mapping(name)
        for name in who:
            tells = {names.drain: "/s", names.call: "ms", names.rare: "ms", names.gather: "/s"}
            yield Case(name, tells, partial(self._serve, name))  # type: ignore[arg-type]

    def drains(self, who: list[str]) -> Iterator[Case]:
        """With other numbers of slots, by those of them that have such."""
        for what, slots, able in _MORE_SLOTS:
            for name in (one for one in who if one in able):
                work = partial(self._drain_by, name, slots)
                yield Case.one(f"{self._names.drain}, {what}", name, "/s", work)

    def _mapping(self, name: str) -> Case:
        if hasattr(peers.peer_class(name, self._store), "push_many"):
            return Case.one(self._names.map, name, "/s", partial(self._map, name))
        return Case.dash(self._names.map, name, NO_MANY)

    @contextmanager
    def _opened(self, name: str) -> Iterator[tuple[peers.Peer, str]]:
        with self._places(name) as address:
            peer = peers.opened(name, address)
            try:
                yield peer, address
            finally:
                peer.close()

    def _push(self, name: str) -> float:
        count = self._plan.count(_PUSHES)
        with self._opened(name) as (peer, _):
            peer.push(_WARM)
            return per_second(count, lambda: peer.push(count))

    def _map(self, name: str) -> float:
        count = self._plan.count(_MAPPED)
        with self._opened(name) as (peer, _):
            push_many: Callable[[int], object] = peer.push_many  # type: ignore[attr-defined]
            push_many(_WARM)
            return per_second(count, lambda: push_many(count))

    def _serve(self, name: str) -> tuple[float, ...]:
        with self._opened(name) as (peer, address), worker(name, peer, address) as pid:
            peer.call()
            drained = self._drain(peer, pid, address)
            half, rare = p50_and_p99(self._plan.count(_CALLS), peer.call, 1e3)
            count = self._plan.count(peer.drained)
            return drained, half, rare, per_second(count, lambda: self._gather(peer, count))

    def _drain_by(self, name: str, slots: int) -> float:
        with self._opened(name) as (peer, address), worker(name, peer, address, slots) as pid:
            peer.call()
            return self._drain(peer, pid, address)

    @staticmethod
    def _gather(peer: peers.Peer, count: int) -> None:
        assert peer.gather(count) == [number + 5 for number in range(count)]

    def _drain(self, peer: peers.Peer, pid: int, address: str) -> float:
        """The worker is there and warm; while the tasks are pushed it stands still."""
        count, there = self._plan.count(peer.drained), peer.finished()
        _stop(pid, address)
        try:
            peer.push(count)
        except BaseException:
            os.kill(pid, signal.SIGCONT)
            raise

        def drain() -> None:
            os.kill(pid, signal.SIGCONT)
            await_finished(peer, there + count)

        return per_second(count, drain)


def _stop(pid: int, address: str) -> None:
    """Let a process stand still, at a moment when it has no lock on the store."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        until(partial(_stopped, pid))
        if not (address.startswith("sqlite") and _locked(address.removeprefix("sqlite:///"))):
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(_LOOK_EVERY)


def _stopped(pid: int) -> bool:
    """Every thread of it."""
    threads = Path(f"/proc/{pid}/task").glob("*/status")
    return all("State:\tT" in one.read_text() for one in threads)


def _locked(path: str) -> bool:
    db = apsw.Connection(path)
    try:
        db.execute("BEGIN IMMEDIATE; ROLLBACK")
    except apsw.BusyError:
        return True
    finally:
        db.close()
    return False


def await_finished(peer: peers.Peer, count: int) -> None:
    """Return once there are so many results."""
    limit = time.perf_counter() + _PATIENCE
    while (done := peer.finished()) < count:
        if time.perf_counter() > limit:
            raise TimeoutError(f"{type(peer).__module__} has run {done} of {count} tasks")
        time.sleep(_LOOK_EVERY)


@contextmanager
def worker(name: str, peer: peers.Peer, address: str, slots: int = 1) -> Iterator[int]:
    """A worker in a process of its own; answers its process id."""
    if hasattr(peer, "worker"):
        with peer.worker() as pid:
            yield pid
        return
    command = [sys.executable, "-m", "tests.benchmarks.peers", name, address, str(slots)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
        try:
            yield process.pid
        finally:
            assert process.stdin is not None
            process.stdin.close()
