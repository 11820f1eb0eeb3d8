"""What must not be left when all have gone: files of the dead, rows of what was removed, a key."""

import os
from collections.abc import Iterator
from pathlib import Path

import redis

from gator_nb import Gator
from gator_nb.host.liveness import LifeLock
from gator_nb.host.places import runtime_folder

from ..redis.servers import RunningServer

_TABLES = (
    "task", "envelope", "outcome", "checkpoint", "log", "tag", "dependency", "owner",
)  # fmt: skip
_STAY = ("meta", "presences", "renewed", "queues", "calls", "shared", "left", "unowned")
"""What a server keeps for an empty store: who is there, a bounded number of names of those who
were, and large values for their day."""


def leaks(gator: Gator, server: RunningServer | None, folder: Path, keys: str) -> Iterator[str]:
    """A sentence for each. The store is emptied for it: call it last."""
    gator.client.reap()
    yield from files()
    yield from (f"the key is in {path}" for path in _with_a_key(folder, keys))
    gator.backend.drop_all("*")
    if server is None:
        yield from _rows(gator)
    else:
        yield from _server_keys(server)


def files() -> Iterator[str]:
    """Locks and sockets whose process has died. Days later: until then a store that has forgotten
    its worker may have to ask whether that lives."""
    for _ in range(2):
        for path in (runtime_folder() / "alive").iterdir():
            os.utime(path, (0.0, 0.0))
        LifeLock().free()
    for folder in ("alive", "wake"):
        for path in (runtime_folder() / folder).rglob("*"):
            pid = path.name.split("-")[0]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                yield f"left by a dead process: {path}"


def _with_a_key(folder: Path, keys: str) -> Iterator[Path]:
    """Files that have one of the keys, as text or as bytes; never the environment of a process."""
    wanted = [form for key in keys.split(",") for form in (key.encode(), bytes.fromhex(key))]
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK):
            data = path.read_bytes()
            if any(one in data for one in wanted):
                yield path


def _rows(gator: Gator) -> Iterator[str]:
    with gator.backend._reading() as db:
        for table in _TABLES:
            ((number,),) = db.execute(f"SELECT count(*) FROM {table}").fetchall()
            if number:
                yield f"{number} rows of {table} are left of no task"


def _server_keys(server: RunningServer) -> Iterator[str]:
    with redis.Redis(port=server.port) as plain:
        for key in plain.scan_iter("*", count=1000):
            name = key.decode().partition("}:")[2]
            if name not in _STAY:
                yield f"left on the server by no task: {key.decode()}"
