"""Cold starts, and what a worker costs that has nothing to do.

Each start is one of a new interpreter whose files the system has in its cache.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psutil

from ..redis.servers import RunningServer, running
from ..standing_still import times_asleep
from . import peers
from .measure import BARE, OURS, Case, Limit, Plan
from .stores import await_finished, worker

_IMPORT = "import"
_EXTENSION = "%load_ext gator_nb"
_FIRST = "worker started, to its first result"
_IDLE = "idle worker"
_WOKEN = "idle worker, wakes a second"
_WATCHED = 2.0
_SETTLED = 1.0
"""Seconds after which a worker that has started is idle."""
_ON_SQLITE, _PROCESSES = f"{OURS} on SQLite", f"{OURS} on SQLite, 2 processes"

TARGETS = [Limit(_IMPORT, 0.08), Limit(_EXTENSION, 0.2), Limit(_IDLE, 1.0)]

_PACKAGES = {
    BARE: "apsw, cloudpickle, hmac, threading",
    OURS: "gator_nb",
    "huey": "huey",
    "taskiq": "taskiq_redis",
    "celery": "celery.app",
    "rq": "rq",
    "dask": "distributed",
    "ipyparallel": "ipyparallel",
    "loky": "loky",
}

_NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"

_TIMED = """
import time
start = time.perf_counter()
import {packages}
print(time.perf_counter() - start)
"""

_SHELL = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
start = time.perf_counter()
shell.run_line_magic("load_ext", "gator_nb")
taken = time.perf_counter() - start
assert "gator" in shell.user_ns
print(taken)
"""


@contextmanager
def cases(plan: Plan) -> Iterator[list[Case]]:
    """On SQLite and on a server that is there while this is open."""
    with running() as server, tempfile.TemporaryDirectory() as folder:
        at = Path(folder)
        yield [
            *_imports(plan),
            Case.one(_EXTENSION, OURS, "s", partial(_loaded, at)),
            *(
                Case.one(_FIRST, who, "s", partial(_first, *rest), cold=True)
                for who, *rest in _served(plan, server, at)
            ),
            *(
                Case(
                    who,
                    {_IDLE: "% of a core", _WOKEN: "wakes/s"},
                    partial(_idle, plan, *rest),
                    cold=True,
                )
                for who, *rest in _served(plan, server, at)
            ),
        ]


def _served(plan: Plan, server: RunningServer, folder: Path) -> Iterator[tuple[str, str, str, int]]:
    """Who, by which name, on which address, with how many slots."""
    for name in peers.chosen(full=plan.peers):
        if name not in peers.WITHOUT_STORE:
            yield name, name, f"redis://127.0.0.1:{server.port}/{peers.database_of(name)}", 1
    for who, slots in ((_ON_SQLITE, 1), (_PROCESSES, -2)):
        yield who, OURS, f"sqlite:///{folder}/with{slots}.sqlite", slots


# -- imports ---------------------------------------------------------------------------------------


def _imports(plan: Plan) -> Iterator[Case]:
    for who in (BARE, *peers.chosen(full=plan.peers)[1:]):
        if find_spec(_PACKAGES[who].split(",")[0].partition(".")[0]):
            yield Case.one(_IMPORT, who, "s", partial(_imported, _PACKAGES[who]))


def _imported(packages: str) -> float:
    return _told_by(["-c", _TIMED.format(packages=packages)])


def _loaded(folder: Path) -> float:
    """In a shell that is there already, as in a kernel."""
    return _told_by(["-c", _SHELL], GATOR_NB_CONN=f"sqlite:///{folder}/own.sqlite")


def _told_by(arguments: Sequence[str], **environment: str) -> float:
    done = subprocess.run(
        [sys.executable, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env=_writing_bytecode() | environment,
    )
    return float(done.stdout.split()[-1])


def _writing_bytecode() -> dict[str, str]:
    """As an installed package starts: compiled by whoever was first."""
    return {name: value for name, value in os.environ.items() if name != _NO_BYTECODE}


# -- workers ---------------------------------------------------------------------------------------


def _first(name: str, address: str, slots: int) -> float:
    """From the start of the interpreter; the command line of a worker does the same."""
    peer = peers.opened(name, address)
    try:
        peer.push(1)
        there = peer.finished()
        start = time.perf_counter()
        with worker(name, peer, address, slots):
            await_finished(peer, there + 1)
            return time.perf_counter() - start
    finally:
        peer.close()


def _idle(plan: Plan, name: str, address: str, slots: int) -> tuple[float, float]:
    """Its processes together: the time they ran, and how often they were woken."""
    peer = peers.opened(name, address)
    try:
        with worker(name, peer, address, slots) as pid:
            peer.call()
            time.sleep(_SETTLED)
            return _watched(psutil.Process(pid), plan.seconds(_WATCHED))
    finally:
        peer.close()


def _watched(process: psutil.Process, seconds: float) -> tuple[float, float]:
    tree = [process, *process.children(recursive=True)]
    ran, woken = _used(tree)
    time.sleep(seconds)
    ran_since, woken_since = _used(tree)
    return 100 * (ran_since - ran) / seconds, (woken_since - woken) / seconds


def _used(tree: list[psutil.Process]) -> tuple[float, int]:
    """Seconds on a core, and how often a thread of theirs went to sleep by itself."""
    ran = sum(sum(one.cpu_times()[:2]) for one in tree)
    return ran, sum(times_asleep(status) for one in tree for status in _threads(one.pid))


def _threads(pid: int) -> Iterator[Path]:
    return Path(f"/proc/{pid}/task").glob("*/status")
