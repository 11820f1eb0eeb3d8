"""The file: whose it is, what stays in it."""

from pathlib import Path

from gator_nb.backends.base import Presence, Settlement
from gator_nb.backends.sqlite import SQLiteBackend
from gator_nb.backends.sqlite.rows import AT
from gator_nb.states import SUCCESS

from .specimens import LANE, opened, push, write


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
