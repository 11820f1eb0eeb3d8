"""`gator-nb purge` and `verify`."""

from pathlib import Path

import apsw
import pytest

from gator_nb import Gator
from gator_nb.constants import DAY

from .conftest import Run

ON_SQLITE = pytest.mark.parametrize("dsn", ["sqlite"], indirect=True)


@pytest.fixture
def old(gator: Gator, tmp_path: Path) -> None:
    """Three tasks that ended 40 days ago; the newest of its name is kept for ever."""
    for name in (None, None, "nightly"):
        gator.options(name=name).task(pow, 2, 10).cancel()
    db = apsw.Connection(str(tmp_path / "tasks.sqlite"))
    db.execute("UPDATE task SET finished = finished - ?", (40 * DAY,))
    db.close()


@ON_SQLITE
def test_without_yes_it_only_counts(run: Run, gator: Gator, old: None) -> None:
    """The count is what --yes would remove, and --yes says what it did remove."""
    told = run("purge")
    assert told.out == "2 tasks ended more than 30 d 0 h ago and would be removed\n"
    assert told.err == "--yes removes them\n"
    assert len(list(gator)) == 3
    assert run("purge", "--older", "50d").out.startswith("0 tasks")
    assert run("purge", "--older", "35d", "--yes").out == "2 tasks removed\n"
    assert [task.name for task in gator] == ["nightly"]


@ON_SQLITE
def test_the_facade_counts_unless_told_an_age(gator: Gator, old: None) -> None:
    """`gator.purge()` removes nothing."""
    assert gator.purge() == gator.purge("35d", count_only=True) == 2
    assert len(list(gator)) == 3
    assert gator.purge("35d") == 2
    assert gator.purge() == 0


def test_what_is_young_is_kept(run: Run, gator: Gator) -> None:
    """Less than a day cannot be asked for; a word that is no duration is told."""
    gator.task(pow, 2, 10).cancel()
    assert run("purge", "--older", "1d", "--yes").out == "0 tasks removed\n"
    assert run("purge", "--json").objects == [{"older": 30 * DAY, "removed": 0, "found": 0}]
    for wrong in ("1h", "soon", "-3"):
        told = run("purge", "--older", wrong)
        assert told.code == 2
        assert "--older" in told.err


def test_a_sound_store(run: Run, gator: Gator) -> None:
    """Exit code 0."""
    gator.map(abs, range(3))
    told = run("verify")
    assert told.code == 0
    assert told.out == f"{gator.conn_string} is sound\n"
    assert run("verify", "--json").objects == [{"store": gator.conn_string, "faults": []}]


@ON_SQLITE
def test_faults_are_listed(run: Run, gator: Gator, tmp_path: Path) -> None:
    """Exit code 1, and a sentence for each."""
    gator.map(abs, range(3))
    db = apsw.Connection(str(tmp_path / "tasks.sqlite"))
    db.execute("UPDATE counter SET n = 7 WHERE n = 3")
    db.close()
    told = run("verify")
    assert told.code == 1
    assert "counts 7 tasks" in told.out
    assert len(run("verify", "--json").objects[0]["faults"]) == len(told.out.splitlines())
