"""Connections to the file of a store: opening and creating it, taking turns, surviving a fork."""

import os
import threading
import time
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet, finalize

import apsw

from ... import record
from ...errors import StoreCorrupt, StoreUnavailable, StoreVersion
from ...host.places import network_file_system
from . import file_locks
from .address import Address
from .faults import BUSY_LIMIT, explanation
from .file_locks import FileLocks
from .rows import AT
from .sql import run

if TYPE_CHECKING:
    from collections.abc import Callable

APPLICATION_ID = 0x6761746F  # "gato"
_PRAGMAS = """
PRAGMA synchronous = {synchronous};
PRAGMA cache_size = -32000;
PRAGMA wal_autocheckpoint = 4000;
PRAGMA journal_size_limit = 67108864;
PRAGMA temp_store = memory;
"""

_HAS_BLOBS = "SELECT 1 FROM sqlite_master WHERE name = 'owner_removed'"


class Handle:
    """One connection, used by one thread at a time.

    A forked child must neither use nor keep what it inherits: SQLite would take the parent's
    locks for its own. Forking waits until no statement runs; the child closes the connection
    at once and opens its own when it first needs one.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._lock = threading.Lock()
        self._closed = False
        self._db: apsw.Connection | None = None
        self._leave: finalize[[Callable[[], None]], Handle] | None = None
        self._file: tuple[int, int] | None = None
        with self:
            _handles.add(self)

    def __enter__(self) -> apsw.Connection:
        """The connection, for this thread alone until `__exit__`, which explains errors."""
        self._lock.acquire()
        try:
            return self._usable()
        except BaseException as error:
            self._lock.release()
            self._explain(error)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> None:
        self._lock.release()
        self._explain(error)

    def is_busy(self) -> bool:
        """Whether a thread uses the connection just now."""
        return self._lock.locked()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            if self._leave is not None:
                self._leave()
            self._db = self._leave = None

    def _usable(self) -> apsw.Connection:
        if self._closed:
            raise StoreUnavailable(f"{self.address.path} was closed here: open the store anew")
        db = self._db or self._open()
        if _identity(self.address.path) != self._file:
            raise StoreUnavailable(
                f"{self.address.path} was removed or replaced while it was open: nothing can be "
                "stored there any more; open the store anew"
            )
        return db

    def _explain(self, error: BaseException | None) -> None:
        if isinstance(error, apsw.Error):
            raise explanation(self.address.path, error) from error

    def _open(self) -> apsw.Connection:
        self._db, locks = connect(self.address)
        self._leave = finalize(self, locks.leave, self._db.close)
        self._leave.atexit = False  # SQLite's own end will do
        self._file = _identity(self.address.path)
        return self._db

    def before_fork(self) -> None:
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        self._lock.release()

    def after_fork_in_child(self) -> None:
        self._lock = threading.Lock()
        if self._db is not None:
            self._db.close()
            self._db = None
        if self._leave is not None:
            self._leave.detach()
            self._leave = None


def connect(address: Address) -> tuple[apsw.Connection, FileLocks]:
    """Open the store's file; make it, and its folder, where there is none.

    Raises:
        StoreUnavailable, StoreCorrupt, StoreVersion
    """
    with file_locks.turn():
        _make_file(address.path)
        db = apsw.Connection(
            str(address.path), flags=apsw.SQLITE_OPEN_READWRITE, statementcachesize=200
        )
        locks = FileLocks.of(address.path)
    try:
        db.set_busy_handler(_Patience())
        _prepare(db, address)
        locks.secure()
    except BaseException:
        locks.leave(db.close)
        raise
    return db, locks


def _prepare(db: apsw.Connection, address: Address) -> None:
    fresh = _is_fresh(db, address.path)
    if db.readonly("main"):
        raise apsw.ReadOnlyError("the file is opened read-only")
    _switch_to_wal(db)
    synchronous = "full" if address.durability == "disk" else "normal"
    for _ in db.execute(_PRAGMAS.format(synchronous=synchronous)):
        pass
    if fresh:
        _create(db, address.path)
        return
    _demand_columns(db, address.path)
    if not db.execute(_HAS_BLOBS).fetchall():
        db.execute(_text("blobs.sql"))


def _is_fresh(db: apsw.Connection, path: Path) -> bool:
    """Whether the file is empty; refuses what is not a store that this version can read."""
    application, version = db.pragma("application_id"), db.pragma("user_version")
    if application == APPLICATION_ID:
        if version > record.FORMAT:
            raise StoreVersion(
                f"{path} has format {version}, and this gator_nb knows {record.FORMAT}: "
                "upgrade gator_nb, or use another path"
            )
        return False
    if application or version or db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
        raise StoreCorrupt(
            f"{path} is the database of another program and is left alone: use another path"
        )
    return True


def _demand_columns(db: apsw.Connection, path: Path) -> None:
    """Refuse a file from before its format was settled."""
    there = {name for _, name, *_ in run(db, "PRAGMA table_info(task)")}
    lacking = sorted(AT.keys() - there)
    if lacking:
        raise StoreVersion(
            f"{path} was written by a gator_nb from before the first release, and lacks "
            f"{', '.join(lacking)}: use another path, or finish its tasks with that gator_nb"
        )


def _create(db: apsw.Connection, path: Path) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        if _is_fresh(db, path):  # another process may have been first
            db.execute(_text("schema.sql"))
            db.execute(_text("blobs.sql"))
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {record.FORMAT}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite may have rolled back by itself, as at a Ctrl-C
            db.execute("ROLLBACK")
        raise


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _switch_to_wal(db: apsw.Connection) -> None:
    """SQLite does not ask the busy handler here, so that two first openers would collide."""
    limit = time.monotonic() + BUSY_LIMIT
    while True:
        try:
            mode = db.pragma("journal_mode", "wal")
        except apsw.BusyError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.005)
        else:
            if mode != "wal":
                raise apsw.CantOpenError(f"this file system gives no shared memory ({mode})")
            return


def _make_file(path: Path) -> None:
    """Make an empty file of mode 0600, where there is none; -wal and -shm take its mode."""
    kind = network_file_system(path.parent)
    if kind:
        raise StoreUnavailable(
            f"{path} lies on a network file system ({kind}), where SQLite loses data: use a path "
            "on a local disk, or redis:// for several machines"
        )
    if path.is_dir():
        raise StoreUnavailable(f"{path} is a folder: add a file name, as in {path}/tasks.sqlite")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise StoreUnavailable(
            f"{path} cannot be made ({error.strerror}): use a path in a folder that you can write"
        ) from error


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 -- half the time, and on every verb
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


class _Patience:
    """A busy handler: short naps that grow, so that a writer is followed at once."""

    def __init__(self) -> None:
        self._limit = 0.0

    def __call__(self, tries: int) -> bool:
        if tries == 0:
            self._limit = time.monotonic() + BUSY_LIMIT
        time.sleep(min(0.005, 0.0002 * (tries + 1)))
        return time.monotonic() < self._limit


_handles: WeakSet[Handle] = WeakSet()
_forking: list[Handle] = []


def _before_fork() -> None:
    _forking.extend(_handles)
    for handle in _forking:
        handle.before_fork()
    file_locks.before_fork()


def _after_fork_in_parent() -> None:
    file_locks.after_fork_in_parent()
    for handle in _forking:
        handle.after_fork_in_parent()
    _forking.clear()


def _after_fork_in_child() -> None:
    for handle in _forking:
        handle.after_fork_in_child()
    file_locks.after_fork_in_child()
    _forking.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )
