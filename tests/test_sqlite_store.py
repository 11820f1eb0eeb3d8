"""What only the SQLite store has: its file, its address, other processes, and waking them."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw
import pytest

import gator_nb
from gator_nb import places
from gator_nb.backends.base import Filter, Presence, Push, Settlement
from gator_nb.backends.sqlite import SQLiteBackend, connection
from gator_nb.backends.sqlite.address import parse
from gator_nb.backends.sqlite.rows import AT
from gator_nb.errors import StoreCorrupt, StoreUnavailable, StoreVersion
from gator_nb.record import FORMAT, Record
from gator_nb.states import SUCCESS, WAITING

LANE = "3.11/a1b2c3d4/any/"
ROOT = Path(gator_nb.__file__).parents[1]


def push(task_id: str, envelope: bytes = b"call") -> Push:
    return Push(Record(task_id, "all", lane=LANE, origin=task_id), envelope)


def write(path: Path, *statements: str) -> None:
    """Change the file behind the store's back."""
    db = apsw.Connection(str(path))
    for statement in statements:
        db.execute(statement).fetchall()
    db.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tasks.sqlite"


@contextmanager
def opened(path: Path, options: str = "") -> Iterator[SQLiteBackend]:
    backend = SQLiteBackend(f"sqlite:///{path}{options}")
    try:
        yield backend
    finally:
        backend.close()


@pytest.fixture
def backend(path: Path) -> Iterator[SQLiteBackend]:
    with opened(path) as backend:
        yield backend


@contextmanager
def other_process(script: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Another Python that runs `script` with `backend`, `push` and `LANE` at hand."""
    prelude = textwrap.dedent(
        """
        import os, sys, time
        from gator_nb.backends.base import Push, Settlement
        from gator_nb.backends.sqlite import SQLiteBackend
        from gator_nb.record import Record
        from gator_nb.states import SUCCESS
        LANE = "3.11/a1b2c3d4/any/"
        backend = SQLiteBackend(f"sqlite:///{sys.argv[1]}")
        def push(task_id):
            return Push(Record(task_id, "all", lane=LANE, origin=task_id), b"call")
        def say(*words):
            print(*words, flush=True)
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", prelude + textwrap.dedent(script)]
        + [str(argument) for argument in arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):  # with what it has forked
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


# -- the address -----------------------------------------------------------------------------


def test_three_slashes_are_relative_and_four_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in alligator and SQLAlchemy; the path is made absolute, so that a later chdir is safe."""
    monkeypatch.chdir(tmp_path)
    assert parse("sqlite:///mine.sqlite").path == tmp_path / "mine.sqlite"
    assert parse("sqlite:////var/tmp/mine.sqlite").path == Path("/var/tmp/mine.sqlite")


def test_home_and_percent_signs_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` is the user's home, `%20` a space, `%3F` a question mark."""
    monkeypatch.setenv("HOME", "/home/me")
    assert parse("sqlite:///~/my%20tasks%3F").path == Path("/home/me/my tasks?")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite://host/tasks", "names no file"),
        ("sqlite:///:memory:", "memory://"),
        ("sqlite:///x?durabilty=disk", "there is durability"),
        ("sqlite:///x?durability=total", "process or disk"),
    ],
)
def test_an_address_that_means_nothing_is_refused_with_the_mend(address: str, told: str) -> None:
    """Nothing is created for it."""
    with pytest.raises(StoreUnavailable, match=told):
        SQLiteBackend(address)


def test_durability_says_what_a_push_survives(path: Path) -> None:
    """With `?durability=disk` every commit is synced to disk."""
    with opened(path) as usual:
        assert "power loss may" in usual.durability
    with opened(path, "?durability=disk") as safe:
        assert "and power loss" in safe.durability
        with safe._writer as db:
            assert db.pragma("synchronous") == 2


# -- the file --------------------------------------------------------------------------------


def test_the_file_is_the_users_alone(tmp_path: Path) -> None:
    """0600, with the files that SQLite puts beside it; a missing folder is made, 0700."""
    path = tmp_path / "new" / "tasks.sqlite"
    with opened(path) as backend:
        backend.put([push("a")])
        assert path.parent.stat().st_mode & 0o777 == 0o700
        files = list(path.parent.iterdir())
        assert len(files) == 3
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_everything_is_there_after_reopening(path: Path) -> None:
    """Records, envelopes, outcomes and output are what they were."""
    with opened(path) as backend:
        backend.register(Presence("w", "worker"))
        backend.put([push("a"), push("b")])
        (claimed,) = backend.claim("w", None, [LANE], 1)
        claim = claimed.record.claim or ""
        backend.settle([Settlement("a", claim, SUCCESS, 0, b"result", log=b"output")])
        before = backend.get(["a", "b"])
    with opened(path) as again:
        assert again.get(["a", "b"]) == before
        assert (again.envelope("b"), again.outcome("a"), again.log("a")) == (
            b"call",
            b"result",
            b"output",
        )
        assert [presence.id for presence in again.presences()] == ["w"]
        assert again.verify() == []


def test_the_table_has_a_column_for_every_field(backend: SQLiteBackend) -> None:
    """The schema is written by hand; this keeps it in step with the record."""
    with backend._reader as db:
        columns = {row[1] for row in db.execute("PRAGMA table_info(task)").fetchall()}
    assert columns == set(AT) | {"line", "origin_seq"}


def test_columns_of_a_later_version_are_kept(path: Path) -> None:
    """The format number only rises when scheduling or signatures change."""
    with opened(path) as backend:
        backend.put([push("a")])
    write(path, "ALTER TABLE task ADD COLUMN mood TEXT NOT NULL DEFAULT 'good'")
    with opened(path) as backend:
        assert [record.id for record in backend.put([push("b")])] == ["b"]
        assert [record.id for record in backend.page().records] == ["b", "a"]


# -- what is refused -------------------------------------------------------------------------


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
    """The text names the path and what to do."""
    path.write_text("my notes\n" * 100)
    with pytest.raises(StoreCorrupt, match=f"{path}.*another path"):
        SQLiteBackend(f"sqlite:///{path}")
    assert path.read_text() == "my notes\n" * 100


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    """Not a byte of it changes, not even its journal mode."""
    write(path, "CREATE TABLE visits (url TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreCorrupt, match="another program"):
        SQLiteBackend(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_store_of_a_newer_format_is_refused(path: Path) -> None:
    """Rather than misread."""
    with opened(path):
        pass
    write(path, f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(StoreVersion, match="upgrade gator_nb"):
        SQLiteBackend(f"sqlite:///{path}")


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    """The text shows what a path in it looks like."""
    with pytest.raises(StoreUnavailable, match=f"{tmp_path} is a folder.*tasks.sqlite"):
        SQLiteBackend(f"sqlite:///{tmp_path}")


def test_a_folder_under_a_file_cannot_be_made(tmp_path: Path) -> None:
    """The system's reason is told."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be made"):
        SQLiteBackend(f"sqlite:///{tmp_path}/file/tasks.sqlite")


@contextmanager
def ordinary_user() -> Iterator[Path]:
    """A folder that root owns and may write, and everybody may read, seen by somebody else."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("needs root, to be somebody else for a moment")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with opened(Path(folder) / "tasks.sqlite") as backend:
            backend.put([push("a")])
        (Path(folder) / "tasks.sqlite").chmod(0o644)
        os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


def test_a_file_that_may_only_be_read_is_refused() -> None:
    """A queue that cannot be written would look like one where nothing happens."""
    with ordinary_user() as folder, pytest.raises(StoreUnavailable, match=r"tasks\.sqlite: it c"):
        SQLiteBackend(f"sqlite:///{folder}/tasks.sqlite")


def test_a_folder_that_may_only_be_read_is_refused() -> None:
    """The text names the path and the system's reason."""
    with ordinary_user() as folder, pytest.raises(StoreUnavailable, match="Permission denied"):
        SQLiteBackend(f"sqlite:///{folder}/other.sqlite")


def test_a_network_file_system_is_refused(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's locks do not hold there; the text names the kind and the way out."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/home {tmp_path.resolve()} nfs4 rw 0 0\n")
    monkeypatch.setattr(places, "_MOUNTS", mounts)
    with pytest.raises(StoreUnavailable, match=r"network file system \(nfs4\).*local disk"):
        SQLiteBackend(f"sqlite:///{path}")
    assert not path.exists()


# -- what goes wrong later -------------------------------------------------------------------


def test_a_full_disk_is_told_and_nothing_is_half_stored(backend: SQLiteBackend) -> None:
    """Once there is room, the same push goes through."""
    backend.put([push("a")])
    with backend._writer as db:
        db.pragma("max_page_count", db.pragma("page_count") + 5)
    with pytest.raises(StoreUnavailable, match="disk is full"):
        backend.put([push("b"), push("c", bytes(100_000))])
    assert backend.get(["a", "b", "c"])[1:] == [None, None]
    with backend._writer as db:
        db.pragma("max_page_count", 1_000_000)
    backend.put([push("b"), push("c", bytes(100_000))])
    assert backend.verify() == []


def test_a_lock_that_stays_held_is_told(
    backend: SQLiteBackend, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers go on meanwhile, and so does the writer once the lock is free."""
    monkeypatch.setattr(connection, "BUSY_LIMIT", 0.1)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"held its write lock.*lsof"):
        backend.put([push("a")])
    assert backend.get(["a"]) == [None]
    other.execute("ROLLBACK")
    other.close()
    assert backend.put([push("a")])[0].status is WAITING


def test_a_removed_file_is_told(backend: SQLiteBackend, path: Path) -> None:
    """What is pushed into a file that has no name any more would be lost in silence."""
    path.unlink()
    with pytest.raises(StoreUnavailable, match="removed or replaced"):
        backend.put([push("a")])
    with pytest.raises(StoreUnavailable, match="removed or replaced"):
        backend.counts()


def test_a_closed_backend_says_so(path: Path) -> None:
    """Closing may be repeated."""
    with opened(path) as backend:
        backend.close()
        with pytest.raises(StoreUnavailable, match="closed here"):
            backend.counts()


def test_a_status_that_does_not_exist_is_corrupt(backend: SQLiteBackend, path: Path) -> None:
    """Reading names the task; verifying reports it and goes on."""
    backend.put([push("a"), push("b")])
    write(
        path,
        "PRAGMA ignore_check_constraints = ON",
        "UPDATE task SET status = 99 WHERE id = 'a'",
    )
    with pytest.raises(StoreCorrupt, match="task a "):
        backend.get(["a"])
    assert backend.get(["b"])[0] is not None
    faults = backend.verify()
    assert any("task a has status 99" in fault for fault in faults)


def test_a_missing_value_is_corrupt(path: Path) -> None:
    """A record never carries None where the contract says text."""
    with opened(path) as backend:
        backend.put([push("a")])
    write(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'label TEXT NOT NULL', 'label TEXT')",
    )
    write(path, "UPDATE task SET label = NULL")
    with opened(path) as backend, pytest.raises(StoreCorrupt, match=r"task a .*missing"):
        backend.page()


def test_a_counter_that_is_wrong_is_found(backend: SQLiteBackend, path: Path) -> None:
    """The sentence says what is counted and what is there."""
    backend.put([push("a")])
    write(path, "UPDATE counter SET n = 7 WHERE n = 1")
    assert any("counts 7 tasks with status 0, and there are 1" in text for text in backend.verify())


# -- how it scales ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "where",
    [
        Filter(call_key="k"),
        Filter(name="n", status=frozenset({WAITING, SUCCESS})),
        Filter(tag="t", queue="all"),
        Filter(worker="w"),
        Filter(status=frozenset({WAITING, SUCCESS}), queue="all"),
    ],
)
def test_no_page_is_sorted_or_scanned(backend: SQLiteBackend, where: Filter) -> None:
    """Every statement of a listing walks an index in the order of pushing."""
    backend.put([push("a")])
    plans = plans_of(backend, lambda: backend.page(where))
    assert plans
    assert not [plan for plan in plans if "TEMP B-TREE" in plan or "SCAN task" in plan]


def test_no_claim_is_sorted_or_scanned(backend: SQLiteBackend) -> None:
    """Nor does it look at anything but the heads of the lines, the due and the expired."""
    backend.put([push("a")])
    plans = plans_of(backend, lambda: backend.claim("w", None, [LANE], 10))
    assert not [plan for plan in plans if "TEMP B-TREE" in plan or "SCAN task" in plan]


def plans_of(backend: SQLiteBackend, act: Callable[[], object]) -> list[str]:
    """How SQLite runs the statements of a verb."""
    statements: list[tuple[str, Any]] = []
    for handle in (backend._reader, backend._writer):
        with handle as db:
            db.exec_trace = lambda _, text, values: statements.append((text, values)) or True
    act()
    for handle in (backend._reader, backend._writer):
        with handle as db:
            db.exec_trace = None
    with backend._reader as db:
        return [
            str(row[3])
            for text, values in statements
            if text.lstrip().startswith(("SELECT", "WITH", "UPDATE"))
            for row in db.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()
        ]


# -- other processes -------------------------------------------------------------------------


def test_two_processes_never_claim_the_same_task(backend: SQLiteBackend, path: Path) -> None:
    """Each pushes and claims; together they claim every task once."""
    script = """
    me = sys.argv[2]
    for number in range(100):
        backend.put([push(f"{me}-{number}")])
        for claimed in backend.claim(me, None, [LANE], 2):
            say(claimed.record.id)
    """
    with other_process(script, path, "one") as one, other_process(script, path, "two") as two:
        claimed = one.communicate(timeout=60)[0].split() + two.communicate(timeout=60)[0].split()
    left = [taken.record.id for taken in backend.claim("me", None, [LANE], 1000)]
    assert len(claimed + left) == len({*claimed, *left}) == 200
    assert backend.verify() == []


def test_a_kill_loses_no_acknowledged_push(backend: SQLiteBackend, path: Path) -> None:
    """However the process dies, what `put` has returned is in the store."""
    script = """
    for number in range(100_000):
        backend.put([push(f"t{number}")])
        say(f"t{number}")
    """
    with other_process(script, path) as pusher:
        assert pusher.stdout is not None
        acknowledged = [pusher.stdout.readline().strip() for _ in range(100)]
        os.kill(pusher.pid, signal.SIGKILL)
        acknowledged += pusher.stdout.read().split("\n")[:-1]
    assert len(acknowledged) >= 100
    assert None not in backend.get(acknowledged)
    assert backend.verify() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_connections_of_its_own(path: Path) -> None:
    """Parent and child both go on, and the one that closes first takes nothing from the other."""
    script = """
    backend.put([push("before")])
    parent_closed, tell = os.pipe()
    child = os.fork()
    if not child:
        backend.put([push("child")])
        os.read(parent_closed, 1)
        backend.put([push("child, later")])
        seen = [record is not None for record in backend.get(["before", "child"])]
        backend.close()
        os._exit(0 if all(seen) else 1)
    backend.put([push("parent")])
    backend.close()
    os.write(tell, b"x")
    say(os.waitpid(child, 0)[1])
    """
    with other_process(script, path) as forking:
        assert forking.communicate(timeout=60)[0].strip() == "0"
    with opened(path) as backend:
        assert None not in backend.get(["before", "child", "parent", "child, later"])
        assert backend.verify() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_in_the_middle_of_pushing_harms_nobody(path: Path) -> None:
    """Forking waits for the statement that runs, so that no child inherits half of one."""
    script = """
    import threading
    def many():
        for number in range(500):
            backend.put([push(f"thread {number}")])
    thread = threading.Thread(target=many)
    thread.start()
    children = []
    for number in range(10):
        child = os.fork()
        if not child:
            backend.put([push(f"child {number}")])
            os._exit(0)
        children.append(child)
    thread.join()
    say(sum(os.waitpid(child, 0)[1] for child in children))
    """
    with other_process(script, path) as forking:
        assert forking.communicate(timeout=60)[0].strip() == "0"
    with opened(path) as backend:
        assert backend.len("all") == 510
        assert backend.verify() == []


# -- waking ----------------------------------------------------------------------------------

WAITER = """
listener = backend.listen(["work"], nap_time=float(sys.argv[2]))
say("ready")
woken = listener.wait(30)
say(woken, time.time())
listener.close()
"""


def test_a_push_wakes_another_process_at_once(backend: SQLiteBackend, path: Path) -> None:
    """By a datagram: long before the 30 s after which it would look by itself."""
    with other_process(WAITER, path, 30) as waiter:
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "ready\n"
        pushed = time.time()
        backend.put([push("a")])
        woken, at = waiter.communicate(timeout=60)[0].split()
    assert woken == "True"
    assert float(at) - pushed < 5


def test_a_lost_datagram_is_made_up_for(
    backend: SQLiteBackend, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every `nap_time` a listener looks whether another process has written."""
    monkeypatch.setattr(backend._waking, "announce", lambda _: None)
    with other_process(WAITER, path, 0.05) as waiter:
        assert waiter.stdout is not None
        assert waiter.stdout.readline() == "ready\n"
        pushed = time.time()
        backend.put([push("a")])
        woken, at = waiter.communicate(timeout=60)[0].split()
    assert woken == "True"
    assert float(at) - pushed < 5


def test_a_listener_hears_only_its_topics(backend: SQLiteBackend) -> None:
    """A push is work and no news; the look at the store does not count our own writes."""
    news, work = backend.listen(["news"], nap_time=0.01), backend.listen(["work"], nap_time=0.01)
    backend.put([push("a")])
    assert work.wait(0)
    assert not news.wait(0.05)
    backend.cancel(["a"], "me")
    assert news.wait(0)
    assert not work.wait(0.05)
    news.close()
    work.close()


def test_wakes_before_a_wait_count_once(backend: SQLiteBackend) -> None:
    """Many wakes are one; after it the listener sleeps again."""
    listener = backend.listen(["work"], nap_time=30)
    for _ in range(1000):
        listener.wake()
    assert listener.wait(None)
    assert not listener.wait(0.01)
    listener.close()


def test_sockets_leave_with_their_listeners(backend: SQLiteBackend) -> None:
    """The folder of the store's sockets is gone with the last."""
    listener = backend.listen(["work"])
    path = listener.path  # type: ignore[attr-defined]
    assert path.exists()
    listener.close()
    assert not path.parent.exists()


def test_the_socket_of_a_dead_process_is_removed(backend: SQLiteBackend) -> None:
    """By the first that sends to it."""
    listener = backend.listen(["work"])
    stale = listener.path.with_name("w-1-dead")  # type: ignore[attr-defined]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(stale))
    backend.put([push("a")])
    assert not stale.exists()
    listener.close()


def test_a_path_too_long_for_a_socket_falls_back_to_looking(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then threads of this process are still woken at once."""
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with opened(path) as backend:
        listener = backend.listen(["work"], nap_time=30)
        assert listener.path is None  # type: ignore[attr-defined]
        backend.put([push("a")])
        assert listener.wait(5)
        listener.close()
