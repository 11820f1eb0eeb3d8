"""Large values in processes: fetched once by the worker, mapped by its children."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gator_nb import Gator, Worker
from gator_nb.errors import Untrusted

ROWS = 1 << 20


def fetches(gator: Gator, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is fetched from the store from now on."""
    names: list[str] = []
    read = gator.backend.blobs.read

    def noted(name: str) -> Iterator[bytes]:
        names.append(name)
        return read(name)

    monkeypatch.setattr(gator.backend.blobs, "read", noted)
    return names


def test_a_worker_fetches_it_once(
    gator: Gator, two: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the number of its processes and tasks, and each has its own."""
    data, names = np.zeros(ROWS), fetches(gator, monkeypatch)

    def spoil(n: int) -> tuple[float, int]:
        before = float(data.max())
        data[:] = n
        return before, os.getpid()

    found = gator.map(spoil, range(1, 9)).get()
    assert {before for before, _ in found} == {0.0}
    assert len({pid for _, pid in found}) == 2
    assert len(names) == 1


def test_its_pages_are_shared(gator: Gator, worker: Worker) -> None:
    """A child that only reads holds no copy of its own."""
    data = np.ones(8 * ROWS)  # 64 MiB

    def grown() -> tuple[float, int]:
        status = Path("/proc/self/status").read_text()
        own = next(line for line in status.splitlines() if line.startswith("RssAnon"))
        return float(data.sum()), int(own.split()[1]) * 1024

    total, own = gator.task(grown).get()
    assert total == 8 * ROWS
    assert own < 64 << 20, "less than the array"


def test_large_results_and_arguments(gator: Gator, worker: Worker) -> None:
    made = gator.task(lambda: (np.arange(ROWS), bytes(2 << 20)))
    assert gator.task(lambda given: int(given[0][-1]) + len(given[1]), made).get() == (
        ROWS - 1 + (2 << 20)
    )
    assert made.get()[0].sum() == ROWS * (ROWS - 1) // 2
    assert gator.client.outcome(gator.client.record(made.task_id)).refs


def test_code_in_a_process_pushes_puts_and_reads(gator: Gator, worker: Worker) -> None:
    """By way of its worker."""
    data = np.ones(ROWS)

    def inner() -> float:
        return float(data.sum())

    def outer() -> tuple[float, float, object]:
        ref = gator.put(data * 3)
        waited = gator.task(inner).get()
        return waited, float(ref.get().sum()), ref

    inside, put, ref = gator.task(outer).get(60)
    assert (inside, put) == (ROWS, 3 * ROWS)
    assert ref.get().sum() == 3 * ROWS


def test_what_was_changed_in_the_store_reaches_no_process(
    gator: Gator, worker: Worker, tmp_path: Path
) -> None:
    data, seen = np.ones(ROWS), tmp_path / "seen"
    gator.stop_worker()
    task = gator.options(delay_by=0.3).task(lambda: seen.write_text(str(data.sum())))
    with gator.backend._writing() as tx:
        tx.run("UPDATE chunk SET data = zeroblob(length(data))")
    with pytest.raises(Untrusted, match="was changed in the store"):
        task.get(30)
    assert not seen.exists()


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="files without a name are Linux's")
def test_a_worker_keeps_a_bounded_number_of_bytes(
    gator: Gator, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was not wanted for longest is let go of, and fetched again when it is."""
    monkeypatch.setattr(sys.modules["gator_nb.client.depot"], "_MOST", 12 << 20)
    names = fetches(gator, monkeypatch)
    arrays = [np.full(ROWS // 2, n) for n in range(4)]  # 4 MiB each
    for n in (0, 1, 2, 0, 3, 1):
        array = arrays[n]
        assert gator.task(lambda: int(array[-1])).get() == n  # noqa: B023
    assert len(names) == 5, "1 was let go of for 3"
