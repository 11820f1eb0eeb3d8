"""Where the default store lives: local disk, whatever the home folder is."""

from pathlib import Path

import pytest

from gator_nb import Gator
from gator_nb.host import places
from gator_nb.host.places import data_folder, network_file_system


@pytest.fixture
def home_on_nfs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder that the system's table of mounts calls NFS."""
    home = tmp_path / "home"
    home.mkdir()
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/root / ext4 rw 0 0\nserver:/export {home} nfs4 rw 0 0\n")
    monkeypatch.setattr(places, "_MOUNTS", mounts)
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    return home


def test_the_type_of_the_nearest_mount_counts(home_on_nfs: Path, tmp_path: Path) -> None:
    assert network_file_system(home_on_nfs / "data" / "gator_nb") == "nfs4"
    assert network_file_system(tmp_path) is None


def test_a_home_on_a_network_file_system_moves_the_default_store(
    home_on_nfs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the job's folder under Slurm, and the note says what that survives."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("SLURM_TMPDIR", str(scratch))
    folder, note = data_folder()
    assert folder.is_relative_to(scratch)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert note is not None
    assert "network file system (nfs4)" in note
    assert "ends with this Slurm job" in note


def test_the_moved_store_works_and_is_said_once(
    home_on_nfs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("SLURM_TMPDIR", str(scratch))
    for expected in (2, 4):
        with Gator() as gator:
            assert gator.task(pow, 2, expected // 2).status == 0
            found = gator.pop()
            assert found is not None
            assert found.result == 2 ** (expected // 2)
    assert capsys.readouterr().err.count("network file system") == 1
