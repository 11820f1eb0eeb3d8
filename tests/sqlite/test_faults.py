"""What goes wrong later is told, and never looks like an empty queue."""

import random
from pathlib import Path

import apsw
import pytest

from gator_nb.backends.base import Settlement
from gator_nb.backends.sqlite import SQLiteBackend, connection
from gator_nb.errors import StoreCorrupt, StoreUnavailable
from gator_nb.states import SUCCESS, WAITING

from .specimens import LANE, opened, push, write


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


_PAGE = 4096


@pytest.mark.slow
def test_garbage_in_any_page_is_told(path: Path, tmp_path: Path) -> None:
    """Whichever page of the file it is: nothing looks like a shorter queue. What is read is whole
    or refused, and `verify` knows."""
    with opened(path) as backend:
        backend.put([push(f"t{number}") for number in range(20)])
        claims = [
            (one.record.id, one.record.claim or "") for one in backend.claim("w", None, [LANE], 9)
        ]
        backend.settle(
            [Settlement(*one, SUCCESS, retries=0, outcome=bytes(5000)) for one in claims]
        )
    whole = path.read_bytes()
    for start in range(0, len(whole), _PAGE):
        damaged = tmp_path / f"{start}.sqlite"
        garbage = random.Random(start).randbytes(_PAGE)
        damaged.write_bytes(whole[:start] + garbage + whole[start + _PAGE :])
        assert _refused_or_whole(damaged), f"bytes from {start} on"


def _refused_or_whole(path: Path) -> bool:
    """Whether it is told as corrupt, or all that is read is whole and `verify` tells of it."""
    try:
        with opened(path) as backend:
            try:
                assert len(backend.page(limit=100).records) == 20
                assert sum(sum(row.values()) for row in backend.counts().values()) == 20
            except StoreCorrupt:
                return True
            return backend.verify() != []
    except StoreCorrupt:
        return True
