"""Whether a process lives, by an OS lock that it holds on a file.

The lock is gone the moment the process is, however it died, and stays while it is stopped or
stuck in C code. Only processes of the same host and boot can tell; for others a lease decides.
"""

import os
import secrets
import socket
import time
from contextlib import suppress
from enum import Enum
from functools import cache
from pathlib import Path
from weakref import WeakSet

try:
    import fcntl
except ImportError:  # Windows has no flock: leases alone decide there
    fcntl = None  # type: ignore[assignment]

from ..constants import DAY
from .places import runtime_folder

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Life(Enum):
    """What the lock of a process tells."""

    ALIVE = "holds its lock"
    DEAD = "its lock is free"
    UNKNOWN = "not of this host, or its file cannot be opened: its lease decides"


@cache
def boot_id() -> str:
    """This host's boot, or the empty string where the system does not tell."""
    return _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""


@cache
def host_name() -> str:
    return socket.gethostname()


class LifeLock:
    """A lock held by this process until it ends or `free` is called.

    >>> lock = LifeLock()
    >>> probe(lock.path, boot_id()) in (Life.ALIVE, Life.UNKNOWN)
    True
    >>> lock.free()
    """

    def __init__(self) -> None:
        self.path = ""
        self._fd: int | None = None
        if fcntl is None or not boot_id():
            return
        folder = runtime_folder() / "alive"
        folder.mkdir(mode=0o700, exist_ok=True)
        self.path = str(folder / f"{os.getpid()}-{secrets.token_hex(8)}")
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        _locks.add(self)
        _sweep(folder)

    def free(self) -> None:
        """Give the lock up and remove its file."""
        if self._fd is not None:
            with suppress(FileNotFoundError):
                Path(self.path).unlink()
            self.let_go()

    def let_go(self) -> None:
        """Give up this process's share in the lock and leave the file to whoever made it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


_locks: WeakSet[LifeLock] = WeakSet()


def _after_fork_in_child() -> None:
    """A child that shared the locks would keep them after the parent has died."""
    for lock in _locks:
        lock.let_go()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def _sweep(folder: Path) -> None:
    """Remove what processes left that died unknown to any store: before they could register, or
    where the store has forgotten them. What is seen to be free is marked; a day later nobody asks
    for it any more."""
    for entry in folder.iterdir():
        with suppress(OSError):  # somebody else has just removed it
            found = entry.stat()
            old = time.time() - found.st_mtime > DAY
            if old and probe(str(entry), boot_id()) is Life.DEAD:
                if found.st_size:
                    entry.unlink()
                else:
                    entry.write_bytes(_FREE)


_FREE = b"its process has died"


def probe(path: str, boot: str) -> Life:
    """Whether the process that registered this lock file and boot id lives."""
    if fcntl is None or not path or not boot or boot != boot_id():
        return Life.UNKNOWN
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return Life.UNKNOWN
    try:
        # Shared, so that two who look at once do not take each other for the owner.
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Life.ALIVE
    else:
        return Life.DEAD
    finally:
        os.close(fd)
