"""Opening and closing a queue: addresses, places that cannot be used, and what is left behind."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gator_nb import Gator, errors


def test_with_closes_it(conn: str) -> None:
    """Afterwards its verbs say so."""
    with Gator(conn) as gator:
        gator.task(pow, 2, 2)
    with pytest.raises(errors.StoreUnavailable, match="closed"):
        gator.task(pow, 2, 2)
    with pytest.raises(errors.StoreUnavailable, match="closed"):
        len(gator)


def test_it_may_be_closed_twice(conn: str) -> None:
    """With its worker, and with what it waited for."""
    gator = Gator(conn)
    gator.start_worker(threads=1)
    assert gator.task(pow, 2, 2).get(20) == 4
    gator.close()
    gator.close()


def test_a_result_that_was_read_outlives_the_store(conn: str) -> None:
    """What has ended is kept in the handle."""
    with Gator(conn) as gator:
        task = gator.task(pow, 2, 2)
        gator.pop()
        assert task.result == 4
    assert (task.result, task.done(), "success" in repr(task)) == (4, True, True)


def test_one_worker_with_one_number_of_threads(gator: Gator) -> None:
    """Asking again answers it; asking for another number says what to do."""
    worker = gator.start_worker(threads=1)
    assert gator.start_worker() is gator.start_worker(threads=1) is worker
    with pytest.raises(ValueError, match=r"1 threads run already: gator.stop_worker\(\) first"):
        gator.start_worker(threads=2)
    assert gator.stop_worker() is True
    assert gator.start_worker(threads=2).threads == 2


def test_repr_names_store_and_queue(gator: Gator) -> None:
    """Enough to make it again."""
    assert repr(gator) == f"Gator({gator.conn_string!r}, queue_name='all')"


def test_durability_and_verify(gator: Gator) -> None:
    """A sentence, and no faults."""
    gator.map(pow, [2, 2], [1, 2])
    gator.pop()
    assert len(gator.durability) > 10
    assert gator.verify() == []


def test_an_unknown_scheme_names_the_known_ones() -> None:
    """As a GatorError and a ValueError."""
    with pytest.raises(errors.UnknownScheme, match=r"memory://.*sqlite://"):
        Gator("mongo://here")


@pytest.mark.parametrize("address", ["just/a/path", "tasks.sqlite"])
def test_what_is_no_address_may_have_been_meant_as_one(address: str) -> None:
    """The text shows how one is written, and where names of stores would be."""
    with pytest.raises(errors.GatorError, match=r"sqlite:///tasks\.sqlite.*profiles\.toml"):
        Gator(address)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    """Named, with a way out."""
    path = tmp_path / "notes.txt"
    path.write_text("not a database, " * 100)
    with pytest.raises(errors.StoreCorrupt, match=r"notes.txt.*another path"):
        Gator(f"sqlite:///{path}")
    assert path.read_text().startswith("not a database")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Root may write anywhere but into /proc."""
    folder = Path("/proc") if os.geteuid() == 0 else tmp_path / "locked"
    if folder == tmp_path / "locked":
        folder.mkdir(mode=0o500)
    with pytest.raises(errors.StoreUnavailable, match=r"store.sqlite.*that you can write"):
        Gator(f"sqlite:///{folder}/store.sqlite")


def test_the_environment_names_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`$GATOR_NB_CONN`, when no address is given."""
    conn = f"sqlite:///{tmp_path}/mine.sqlite"
    monkeypatch.setenv("GATOR_NB_CONN", conn)
    with Gator() as gator:
        assert gator.conn_string == conn
        gator.task(pow, 2, 2)
    assert (tmp_path / "mine.sqlite").exists()


def test_without_an_address_it_is_in_the_users_data_folder() -> None:
    """Which is this test's own."""
    with Gator() as gator:
        assert gator.conn_string.startswith(f"sqlite:///{os.environ['XDG_DATA_HOME']}")


SCRIPT = """
    from gator_nb import Gator
    with Gator() as gator:
        gator.start_worker(threads=1)
        print(gator.task(pow, 2, 10).get(30), gator.conn_string)
"""


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    """A script in a process of its own, with only these variables."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    source = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(SCRIPT)],
        env={**kept, "PYTHONPATH": source, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_home_it_works(tmp_path: Path) -> None:
    """As under cron or in a container: HOME is not set."""
    ran = run(XDG_DATA_HOME=str(tmp_path))
    assert (ran.returncode, ran.stdout.split()[0]) == (0, "1024"), ran.stderr
    assert str(tmp_path) in ran.stdout


def test_with_a_home_that_cannot_be_written_it_moves_and_says_so(tmp_path: Path) -> None:
    """To local disk, with what that survives; here to the folder of a Slurm job."""
    ran = run(HOME="/proc/nobody", SLURM_TMPDIR=str(tmp_path))
    assert (ran.returncode, ran.stdout.split()[0]) == (0, "1024"), ran.stderr
    assert str(tmp_path) in ran.stdout
    assert "ends with this Slurm job" in ran.stderr
    assert ran.stderr.count("gator_nb:") == 1
