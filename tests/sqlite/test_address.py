"""What an address says."""

from pathlib import Path

import pytest

from gator_nb.backends.sqlite import SQLiteBackend
from gator_nb.backends.sqlite.address import parse
from gator_nb.errors import StoreUnavailable

from .specimens import opened


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
