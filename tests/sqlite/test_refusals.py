"""What is refused at opening, and left as it was."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gator_nb.backends.sqlite import SQLiteBackend
from gator_nb.errors import StoreCorrupt, StoreUnavailable, StoreVersion
from gator_nb.host import places
from gator_nb.record import FORMAT

from .specimens import opened, push, write


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
