"""Stores of this format and of those before it, as they were left by the gator_nb of their time."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gator_nb import Gator, Worker
from gator_nb.definition import PYTHON
from gator_nb.errors import StoreVersion
from gator_nb.record import FORMAT
from gator_nb.states import TERMINAL

from ..redis.servers import running
from ..waiting import until
from .kept import KEY, LARGE, STORE, load_redis

_HERE = Path(__file__).parent
_WRITTEN_BY = "3.11"
"""The Python whose calls are in them."""


@pytest.fixture(params=range(1, FORMAT + 1))
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """A format, with the key of its stores."""
    monkeypatch.setenv("GATOR_NB_KEY", KEY)
    return request.param


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, written: int, tmp_path: Path) -> Iterator[str]:
    """The address of a store of that format."""
    if request.param == "sqlite":
        yield f"sqlite:///{file_of(written, tmp_path)}"
        return
    with running() as server:
        text = gzip.decompress((_HERE / f"format_{written}.json.gz").read_bytes())
        load_redis(server.port, json.loads(text))
        yield server.dsn(store=STORE)


def file_of(written: int, folder: Path) -> Path:
    """A SQLite file of that format."""
    path = folder / "tasks.sqlite"
    db = apsw.Connection(str(path))
    db.execute(gzip.decompress((_HERE / f"format_{written}.sql.gz").read_bytes()).decode())
    db.close()
    path.chmod(0o600)
    return path


def test_all_that_is_in_it_is_there(store: str) -> None:
    """Results, errors, order and time: nothing asks who wrote them."""
    with Gator(store) as gator:
        assert gator.verify() == []
        assert gator["done"].get() == 42
        assert gator["large"].get() == LARGE
        with pytest.raises(ValueError, match="as it should"):
            gator["failed"].get()
        words = {name: str(gator[name].status) for name in ("after", "canceled", "delayed", "lost")}
        assert words == {
            "after": "waiting", "canceled": "canceled", "delayed": "delayed", "lost": "running",
        }  # fmt: skip
        assert gator["tried"].logs() == "once\n"


@pytest.mark.slow
def test_what_is_open_in_it_is_worked_off(store: str) -> None:
    """Where Python is the one that wrote the calls: what was lost, tried, limited and delayed comes
    to its end. Elsewhere it waits for such a worker, as ever."""
    with Gator(store) as gator:
        later = gator.backend.now() + 7200
        gator.backend.clock = lambda: later
        gator.client.reap()
        with Worker(gator, to_consume="*", threads=1):
            if PYTHON != _WRITTEN_BY:
                assert not gator["after"].done()
                return
            until(lambda: gator["lost"].status != "running" and _all_ended(gator))
        assert gator["lost"].get() == 10
        assert (gator["tried"].get(), gator["after"].get()) == (12, 84)
        assert gator.verify() == []


def _all_ended(gator: Gator) -> bool:
    return all(set(row) <= TERMINAL for row in gator.backend.counts().values())


@pytest.mark.parametrize("column", ["keep", "peak_memory"])
def test_a_file_from_before_the_first_format_was_settled_is_refused(
    column: str, written: int, tmp_path: Path
) -> None:
    """It says format 1 and lacks what that has: told, with the mend, and left as it is."""
    path = file_of(written, tmp_path)
    db = apsw.Connection(str(path))
    db.execute(f"ALTER TABLE task DROP COLUMN {column}")
    db.close()
    with pytest.raises(StoreVersion, match=f"{column}.*use another path"):
        Gator(f"sqlite:///{path}")
