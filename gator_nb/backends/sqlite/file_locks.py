"""Locks on a store's files that stand whatever another SQLite in this process does.

A POSIX lock is its process's: closing any descriptor of a file drops all of them, and two libraries
in one process (Python's `sqlite3` beside apsw) see none of each other's. So whoever closed a
connection of the other one was the last user of the file as far as it knew, and removed the log
under ours, with all that was stored from then on ("How To Corrupt An SQLite Database File",
sqlite.org, 2.2). A lock of an open file description (fcntl(2), F_OFD_SETLK) is in everybody's way,
and nobody else drops it. Ours are the shared ones that SQLite itself holds; where the system has
none of that kind, nothing is held.
"""

import os
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    _SET = _SHARE = _FREE = None
else:
    # 64-bit, as the structure below is.
    _SET = getattr(fcntl, "F_OFD_SETLK", None) if sys.maxsize > 2**32 else None
    _SHARE, _FREE = fcntl.F_RDLCK, fcntl.F_UNLCK

_PLACES = {
    # SHARED_FIRST and SHARED_SIZE in SQLite's os.h: each connection holds a lock there, so that
    # nobody takes the file for unused.
    "": (0x40000002, 510),
    # UNIX_SHM_DMS in its os_unix.c: who finds it free makes the index of the log anew.
    "-shm": (128, 1),
}

_all: "dict[tuple[int, int], FileLocks]" = {}
"""By device and number of the file."""
_lock = threading.RLock()  # a connection that nobody closed may be collected while it is held


def turn() -> AbstractContextManager[object]:
    """To hold while a connection is opened: no descriptor may be closed meanwhile, for locks that
    SQLite is just taking would go with it."""
    return _lock


class FileLocks:
    """The locks of this process on one file, for all of its connections."""

    def __init__(self, path: Path, key: tuple[int, int]) -> None:
        self.users = 0
        self._path, self._key = path, key
        self._files: dict[int, tuple[int, int]] = {}
        """Descriptors, and the bytes of each."""

    @classmethod
    def of(cls, path: Path) -> "FileLocks":
        """Those of a file, with one connection more; the caller has its turn."""
        found = path.stat()
        key = found.st_dev, found.st_ino
        locks = _all.get(key) or cls(path, key)
        locks.users += 1
        _all[key] = locks
        return locks

    def secure(self) -> None:
        """Take them, once SQLite has set up the file and its log."""
        with turn():
            if self._files or _SET is None:
                return
            for ending, place in _PLACES.items():
                with suppress(FileNotFoundError):  # removed, as `Handle` will tell
                    self._files[os.open(f"{self._path}{ending}", os.O_RDWR | os.O_CLOEXEC)] = place
            self._set(_SHARE)

    def leave(self, close: Callable[[], None]) -> None:
        """Close a connection; the last one finds nothing of ours in its way, and tidies up."""
        with turn():
            self.users -= 1
            if self.users == 0:
                self._set(_FREE)
            try:
                close()
            finally:
                if self.users == 0:
                    self.forget()

    def forget(self) -> None:
        """Close the descriptors. In a fork the locks are the parent's until that closes its own."""
        for fd in self._files:
            os.close(fd)
        self._files.clear()
        _all.pop(self._key, None)

    def _set(self, kind: int | None) -> None:
        for fd, (start, size) in self._files.items():
            wanted = struct.pack("@hhqqi0q", kind, os.SEEK_SET, start, size, 0)
            with suppress(OSError):  # a file system without them
                fcntl.fcntl(fd, _SET, wanted)  # type: ignore[arg-type]


def before_fork() -> None:
    _lock.acquire()


def after_fork_in_parent() -> None:
    _lock.release()


def after_fork_in_child() -> None:
    """Nothing of the parent's is this process's."""
    global _lock
    _lock = threading.RLock()
    for locks in list(_all.values()):
        locks.forget()
