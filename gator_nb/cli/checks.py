"""What `gator-nb doctor` looks at, from this Python to the workers of the store."""

import os
import platform
import stat
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from .. import __version__, keys, settings
from ..backends.base import Filter
from ..client.workforce import Seen, start_command, unserved, workers
from ..constants import EVERY, LARGE_STORE
from ..durations import duration
from ..errors import GatorError
from ..gator import Gator
from ..host.places import data_folder, runtime_folder
from ..needs import amounts
from ..payload.inspection import size_text
from ..states import Status
from ..tasks.group import records
from .arguments import NoStoreYet, open_existing
from .showing import tasks

_PARTS = ("apsw", "cloudpickle", "redis", "panel", "ipywidgets", "ipykernel")
_ROUND_TRIPS = 7
_LOOKED_AT = 20_000
"""Waiting tasks that are looked at to find what nobody runs: half a second's work at most."""
_SKEW = 2.0
"""Seconds that clocks may differ before anybody wonders about times."""


class Check(NamedTuple):
    """One thing that was looked at."""

    what: str
    state: Literal["fine", "note", "wrong"]
    told: str
    mend: str = ""
    """What to do, or to run."""


def examine(dsn: str | None) -> Iterator[Check]:
    """Look at everything, from the inside out; what cannot be looked at is wrong."""
    yield Check("python", "fine", f"{platform.python_version()}, {sys.executable}")
    yield Check("versions", "fine", ", ".join(_versions()))
    yield from _folders()
    yield _key()
    try:
        with open_existing(dsn) as gator:
            yield from _store(gator)
            yield from _workers(gator)
    except NoStoreYet as error:
        yield Check("store", "note" if dsn is None else "wrong", str(error))
    except GatorError as error:
        yield Check("store", "wrong", str(error))


def _versions() -> Iterator[str]:
    yield f"gator_nb {__version__}"
    for name in _PARTS:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"no {name}"


# -- here ------------------------------------------------------------------------------------------


def _folders() -> Iterator[Check]:
    yield _folder("data", lambda: data_folder()[0])
    yield _folder("locks", runtime_folder)


def _folder(what: str, find: Callable[[], Path]) -> Check:
    try:
        folder = find()
    except GatorError as error:
        return Check(what, "wrong", str(error))
    if not os.access(folder, os.W_OK | os.X_OK):
        return Check(what, "wrong", f"{folder} cannot be written", f"chmod u+rwx {folder}")
    note = data_folder()[1] if what == "data" else None
    return Check(what, "note", note) if note else Check(what, "fine", str(folder))


def _key() -> Check:
    """A key is never made by looking for one."""
    try:
        path = keys.key_file()
        if settings.key_text() is None and not path.exists():
            return Check("key", "note", f"none yet; the first push or worker makes {path}")
        ring = keys.load()
    except GatorError as error:
        return Check("key", "wrong", str(error))
    older = f", and {len(ring.ids) - 1} to verify with" if len(ring.ids) > 1 else ""
    if settings.key_text() is not None:
        return Check("key", "fine", f"{ring.current.id}{older}, from ${settings.KEY}")
    mode = stat.S_IMODE(path.stat().st_mode)
    return Check("key", "fine", f"{ring.current.id}{older}, in {path} (mode {mode:o})")


# -- the store -------------------------------------------------------------------------------------


def _store(gator: Gator) -> Iterator[Check]:
    backend = gator.backend
    times = []
    for _ in range(_ROUND_TRIPS):
        began = time.perf_counter()
        backend.next_due()
        times.append(time.perf_counter() - began)
    yield Check("store", "fine", f"{gator.conn_string}, {_milliseconds(times)} a question")
    weak = "gone when the server stops" in backend.durability or "snapshot" in backend.durability
    yield Check("durability", "note" if weak else "fine", backend.durability)
    yield from _size(gator)
    skew = backend.now() - time.time()
    if abs(skew) > _SKEW:
        ahead = "ahead of" if skew > 0 else "behind"
        yield Check(
            "clock", "note", f"the store's is {duration(abs(skew))} {ahead} this one's; it decides",
            "let both follow one time server",
        )  # fmt: skip
    else:
        yield Check("clock", "fine", "as the store's")


def _size(gator: Gator) -> Iterator[Check]:
    size = gator.backend.size()
    if size >= LARGE_STORE:
        mend = f"gator-nb purge {gator.conn_string}"
        yield Check("size", "note", f"{size_text(size)}; what can be removed is counted by", mend)
    elif size:
        yield Check("size", "fine", size_text(size))


def _milliseconds(times: Sequence[float]) -> str:
    return f"{statistics.median(times) * 1000:.2f} ms"


# -- who works there -------------------------------------------------------------------------------


def _workers(gator: Gator) -> Iterator[Check]:
    there = workers(gator.backend)
    for one in there:
        yield _worker(one, gator.backend.now())
    counts = gator.backend.counts()
    waiting = sum(row.get(Status.WAITING, 0) for row in counts.values())
    if not there and not waiting:
        told = "none; a notebook starts its own on SQLite, else"
        yield Check("workers", "note", told, start_command(gator.backend))
    ready = records(gator.backend, Filter(status=frozenset({Status.WAITING})))
    lines = unserved(islice(ready, _LOOKED_AT), there)
    for line in sorted(lines, key=lambda one: -(one.number or 0)):
        yield Check("waiting", "wrong", line.why, line.mend(gator.backend))
    if waiting and not lines:
        among = "" if waiting <= _LOOKED_AT else " (the newest were looked at)"
        yield Check(
            "waiting", "fine", f"{tasks(waiting)} wait for workers that can run them{among}"
        )


def _worker(one: Seen, now: float) -> Check:
    presence = one.presence
    queues = "every queue" if EVERY in presence.queues else ", ".join(presence.queues)
    told = f"{presence.name}: Python {presence.python}, {presence.slots} at a time, {queues}"
    if presence.has:
        told += f"; has {amounts(presence.has)}"
    if presence.draining:
        return Check("worker", "note", f"{told}; it ends, and takes nothing more")
    if one.silent:
        return Check(
            "worker", "note", f"{told}; not heard of for {duration(now - presence.renewed)}"
        )
    return Check("worker", "fine", told)
