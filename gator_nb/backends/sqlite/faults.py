"""What an error of SQLite means to a user, in one place."""

from pathlib import Path

import apsw

from ...errors import GatorError, PayloadTooLarge, StoreCorrupt, StoreUnavailable

BUSY_LIMIT = 90.0
"""Seconds to wait for another writer: a process whose interpreter is held by C code for a minute
may be inside a transaction."""

_GONE_WRONG: dict[type[apsw.Error], tuple[type[GatorError], str]] = {
    apsw.BusyError: (
        StoreUnavailable,
        f"another process has held its write lock for {BUSY_LIMIT:.0f} s: find it with lsof",
    ),
    apsw.FullError: (StoreUnavailable, "the disk is full: free some space and try again"),
    apsw.ReadOnlyError: (
        StoreUnavailable,
        "it cannot be written: make the file and its folder writable, or use another path",
    ),
    apsw.CantOpenError: (
        StoreUnavailable,
        "it cannot be opened: its folder must be there, and both must be yours to read and write",
    ),
    apsw.PermissionsError: (StoreUnavailable, "access is denied: make the file yours to write"),
    apsw.IOError: (StoreUnavailable, "the disk reports an error: look at the system's log"),
    apsw.ConnectionClosedError: (StoreUnavailable, "it was closed: open the store anew"),
    apsw.NotADBError: (
        StoreCorrupt,
        "it is not a SQLite database: use another path, or move that file away",
    ),
    apsw.CorruptError: (
        StoreCorrupt,
        "it is damaged: move it away with its -wal and -shm files, or restore a copy",
    ),
    apsw.SQLError: (StoreCorrupt, "its tables are not those of gator_nb"),
    apsw.ConstraintError: (StoreCorrupt, "its rows do not fit together; verify() tells more"),
    apsw.MismatchError: (StoreCorrupt, "a row is not what gator_nb writes; verify() tells more"),
    apsw.TooBigError: (
        PayloadTooLarge,
        "one value is over SQLite's limit of 1 GB for what is stored in one piece",
    ),
}


def explanation(path: Path, error: apsw.Error) -> GatorError:
    """This package's error for one of SQLite's, with the path and the mend."""
    kind, mend = next(
        (entry for fault, entry in _GONE_WRONG.items() if isinstance(error, fault)),
        (StoreUnavailable, "SQLite cannot go on"),
    )
    return kind(f"{path}: {mend} ({error})")
