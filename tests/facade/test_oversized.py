"""A result is never refused for its size: what no store takes is kept beside the worker."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from gator_nb import FAILED, Gator, errors
from gator_nb.backends.base import Answer, Settlement
from gator_nb.errors import PayloadTooLarge
from gator_nb.host import places
from gator_nb.payload import loads

MOST = 100_000


@pytest.fixture
def small(gator: Gator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gator:
    """A queue whose store takes little at a time."""
    assert gator.client.keyring  # before the folder is another one
    monkeypatch.setattr(places, "data_folder", lambda: (tmp_path / "home", None))
    settle = gator.backend.settle

    def settle_small(settlements: Sequence[Settlement]) -> list[Answer]:
        for one in settlements:
            if len(one.outcome or b"") > MOST:
                raise PayloadTooLarge("too large")
        return settle(settlements)

    monkeypatch.setattr(gator.backend, "settle", settle_small)
    return gator


@pytest.mark.parametrize("by_hand", [True, False])
def test_it_lies_beside_the_worker_and_the_error_says_where(small: Gator, by_hand: bool) -> None:
    """Whoever ran it; the file is this user's alone."""
    task = small.task(lambda: list(range(60_000)))
    if by_hand:
        small.get(task.task_id)
    else:
        small.start_worker(threads=1)
    with pytest.raises(PayloadTooLarge, match=r"the result has [\d,]+ bytes") as caught:
        task.get(30)
    assert task.status is FAILED
    found = re.search(r"pickle\.load\(open\('(.*)', 'rb'\)\)", str(caught.value))
    assert found is not None
    path = Path(found[1])
    assert loads(path.read_bytes()) == list(range(60_000))
    assert path.stat().st_mode & 0o777 == 0o600


def test_others_of_the_same_batch_are_settled(small: Gator) -> None:
    tasks = small.map(lambda n: bytes(n), [1, 2 * MOST, 3])
    small.start_worker(threads=1)
    assert [one and len(one) for one in tasks.get(errors="none", timeout=30)] == [1, None, 3]


def test_an_error_that_is_too_large_keeps_its_text(small: Gator) -> None:
    def fail() -> None:
        error = ValueError("no")
        error.data = bytes(2 * MOST)  # type: ignore[attr-defined]
        raise error

    task = small.task(fail)
    small.start_worker(threads=1)
    with pytest.raises(errors.TaskFailed, match="ValueError: no"):
        task.get(30)


def test_a_folder_that_cannot_be_written_is_told(
    small: Gator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing more can be done for the result; the task has an end all the same."""
    (tmp_path / "file").touch()
    monkeypatch.setattr(places, "data_folder", lambda: (tmp_path / "file", None))
    task = small.task(lambda: bytes(2 * MOST))
    small.start_worker(threads=1)
    with pytest.raises(PayloadTooLarge, match="could not be written either"):
        task.get(30)
