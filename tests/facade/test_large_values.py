"""Large values need no thought: they are stored once, whoever captures or is given them."""

import concurrent.futures
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gator_nb import FAILED, SUCCESS, Gator, Ref, Task, Worker
from gator_nb.backends.blobs import Blobs
from gator_nb.constants import BLOB_GRACE
from gator_nb.errors import BlobMissing, Untrusted

ROWS = 400_000


def frame() -> pd.DataFrame:
    return pd.DataFrame({"x": np.arange(ROWS), "y": np.arange(ROWS) % 7})


class Counting(Blobs):
    """The blobs of a store, counting what is stored and read."""

    def __init__(self, inner: Blobs) -> None:
        self._inner = inner
        self.missing, self.complete, self.forget = inner.missing, inner.complete, inner.forget
        self.discard = inner.discard
        self.stored: list[str] = []
        self.readings: list[str] = []

    def add(self, name, number, data):
        if number == 0:
            self.stored.append(name)
        self._inner.add(name, number, data)

    def read(self, name):
        self.readings.append(name)
        return self._inner.read(name)


Counting.__abstractmethods__ = frozenset()


@pytest.fixture
def counting(gator: Gator) -> Counting:
    gator.backend.blobs = Counting(gator.backend.blobs)
    return gator.backend.blobs


def test_a_frame_that_many_tasks_capture_is_stored_and_fetched_once(
    gator: Gator, counting: Counting
) -> None:
    data = frame()

    def rows_with(y: int) -> int:
        return int((data["y"] == y).sum())

    one_by_one = [gator.task(rows_with, y) for y in range(7)]
    group = gator.map(rows_with, range(7))
    with Worker(gator, threads=2):
        assert sum(group.get()) == ROWS
        assert [task.get() for task in one_by_one] == group.get()
    assert len(counting.stored) == len(set(counting.stored)) == len(set(counting.readings))
    assert len(counting.readings) == len(set(counting.readings))


def test_each_task_has_its_own(busy: Gator) -> None:
    """A task that writes into what it captured changes neither another's nor the notebook's."""
    data = np.zeros(ROWS)

    def spoil(n: int) -> float:
        before = float(data.max())
        data[:] = n
        return before

    assert busy.map(spoil, range(1, 6)).get() == [0.0] * 5
    assert data.max() == 0


def test_what_was_pushed_is_a_snapshot(gator: Gator) -> None:
    data = np.zeros(ROWS)
    task = gator.task(lambda: float(data.sum()))
    data[:] = 1
    again = gator.task(lambda: float(data.sum()))
    gator.start_worker(threads=1)
    assert (task.get(), again.get()) == (0.0, float(ROWS))


def test_large_results_come_back_and_go_on(busy: Gator) -> None:
    made = busy.task(lambda: {"frame": frame(), "raw": bytes(2 << 20)})
    total = busy.task(lambda given: int(given["frame"]["x"].sum()) + len(given["raw"]), made)
    assert total.get() == ROWS * (ROWS - 1) // 2 + (2 << 20)
    found = made.get()
    assert found["frame"].equals(frame())
    found["frame"].loc[0, "x"] = -1  # the reader's own
    assert busy[made.task_id].get()["frame"].loc[0, "x"] == 0


def test_they_serve_every_way_of_running(gator: Gator) -> None:
    data = np.ones(ROWS)
    task = gator.task(lambda: data.sum())
    assert gator.get(task.task_id).result == ROWS
    gator.task(lambda: data.sum() + 1)
    popped = gator.pop()
    assert popped is not None
    assert popped.result == ROWS + 1
    in_hand = Task()
    in_hand.to_call(lambda: data * 2)
    assert gator.execute(in_hand).result.sum() == 2 * ROWS
    assert gator[in_hand.task_id].get().sum() == 2 * ROWS


def test_what_was_read_is_not_kept(gator: Gator) -> None:
    """A result that nobody holds any more takes no memory."""
    task = gator.task(lambda: np.ones(ROWS))
    gator.get(task.task_id)
    assert gator[task.task_id].get().sum() == ROWS
    assert not gator.client._store_depot._files


def test_very_many_take_no_open_files(busy: Gator) -> None:
    """Of which a process may have a thousand or so."""
    resource = pytest.importorskip("resource")
    arrays = [np.full(1 << 17, float(n)) for n in range(90)]
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (80, usual[1]))
    try:
        found = busy.task(lambda: [array * 2 for array in arrays]).get(60)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    assert [array[0] for array in found] == [2.0 * n for n in range(90)]


def test_much_is_told_once(gator: Gator) -> None:
    """When it is stored: a note, at the user's line."""
    data = np.zeros(14_000_000)
    with pytest.warns(UserWarning, match=r"112 MB, which were stored just now") as told:
        gator.task(lambda: data.sum())
    assert told[0].filename == __file__
    gator.task(lambda: data.max())


def test_they_serve_any_executor(gator: Gator) -> None:
    """There is no way to the store from there, so they are brought along."""
    data = np.ones(ROWS)
    with concurrent.futures.ThreadPoolExecutor(1) as pool, Worker(gator, executor=pool):
        tripled = gator.task(lambda: data * 3)
        assert tripled.get().sum() == 3 * ROWS
    assert len(gator.backend.outcome(tripled.task_id) or b"") < 10_000


def test_a_retry_and_a_reader_find_them(busy: Gator) -> None:
    data = np.ones(ROWS)

    def fails(times: float) -> float:
        if times:
            raise ValueError("no")
        return float(data.sum())

    task = busy.task(fails, 1).wait()
    assert task.status is FAILED
    assert task.retry().wait().status is FAILED
    assert task.retry(name="again").wait().status is FAILED
    assert task.func.__closure__[0].cell_contents.sum() == ROWS


def test_a_call_that_is_there_stores_nothing_anew(gator: Gator, counting: Counting) -> None:
    data = np.ones(ROWS)
    tasks = [gator.options(reuse=True).task(lambda: data.sum()) for _ in range(3)]
    assert len({task.task_id for task in tasks}) == 1
    assert len(counting.stored) == 1


def test_they_go_with_the_last_task_that_needs_them(gator: Gator) -> None:
    data = np.ones(ROWS)
    tasks = [gator.task(lambda n: data[n], n) for n in range(2)]
    refs = gator.client.record(tasks[0].task_id).refs
    assert refs == gator.client.record(tasks[1].task_id).refs != ()
    now = gator.backend.now()
    gator.backend.clock = lambda: now + BLOB_GRACE + 1
    gator.purge("2d")
    assert gator.backend.blobs.missing(refs) == []
    gator.backend.drop_all(gator.queue_name)
    gator.backend.clock = lambda: now + 2 * BLOB_GRACE + 2
    gator.purge("2d")
    assert gator.backend.blobs.missing(refs) == list(refs)


def test_one_that_is_gone_from_the_store_is_told(gator: Gator) -> None:
    data = np.ones(ROWS)
    task = gator.task(lambda: data.sum())
    gator.backend.blobs.read = lambda name: (_ for _ in ()).throw(BlobMissing(f"lacks {name}"))
    gator.start_worker(threads=1)
    with pytest.raises(BlobMissing, match="lacks"):
        task.get(30)
    assert task.status is FAILED


class Canary:
    """A pickle of it makes a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("what", ["an array", "a pickle"])
@pytest.mark.parametrize("door", ["worker", "get", "pop", "func", "debug", "result", "dependent"])
def test_one_that_was_changed_is_never_used(tmp_path: Path, what: str, door: str) -> None:
    """Whoever can only write to the store can spoil a task, and cannot give it data or code."""
    value = np.ones(ROWS) if what == "an array" else [str(n) for n in range(200_000)]
    seen, canary = tmp_path / "seen", tmp_path / "canary"
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as gator:
        if door in ("result", "dependent"):
            task = gator.task(lambda: [str(n) for n in range(300_000)])
            gator.get(task.task_id)
        else:
            task = gator.task(lambda: seen.write_text(str(len(value))))
        with gator.backend._writing() as tx:
            tx.run("UPDATE chunk SET data = ?", (pickle.dumps(Canary(canary)),))
        with pytest.raises(Untrusted, match="was changed in the store"):
            if door == "get":
                gator.get(task.task_id)
            elif door == "pop":
                gator.pop()
            elif door == "func":
                gator[task.task_id].func
            elif door == "debug":
                gator.cancel(task.task_id)
                gator[task.task_id].debug()
            else:
                asked = gator.task(len, task) if door == "dependent" else task
                gator.start_worker(threads=1)
                asked.get(30)
        assert not seen.exists()
        assert not canary.exists()


# -- by hand --------------------------------------------------------------------------------------


def test_put_gives_a_ref_that_becomes_the_value(busy: Gator, counting: Counting) -> None:
    """As an argument, and directly in a list, tuple or dict among them."""
    ref = busy.put(frame())
    assert isinstance(ref, Ref)
    assert repr(ref) == "<Ref DataFrame[400000, 2]>"
    tasks = [
        busy.task(lambda given: int(given["x"].max()), ref),
        busy.task(lambda given: int(given[1]["x"].max()), [0, ref]),
        busy.task(lambda *, given: int(given["data"]["x"].max()), given={"data": ref}),
    ]
    assert [task.get() for task in tasks] == [ROWS - 1] * 3
    assert len(counting.stored) == len(set(counting.stored))
    assert ref.get().equals(frame())


def test_a_captured_ref_stays_one(busy: Gator) -> None:
    ref = busy.put({"small": 1})
    assert busy.task(lambda: (type(ref).__name__, ref.get())).get() == ("Ref", {"small": 1})
    assert busy.task(lambda: ref).get().get() == {"small": 1}


def test_a_task_can_put(busy: Gator) -> None:
    """What it answers with a Ref keeps the value."""
    gator = busy
    ref = busy.task(lambda: gator.put(list(range(10)))).get()
    assert ref.get() == list(range(10))
    now = busy.backend.now()
    busy.backend.clock = lambda: now + BLOB_GRACE + 1
    assert busy.backend.blobs.forget() == 0


def test_a_ref_keeps_its_value_as_long_as_a_task_needs_it(gator: Gator) -> None:
    kept, captured, dropped = (gator.put([n]) for n in range(3))
    gator.task(len, kept)
    gator.task(lambda: captured.get())
    now = gator.backend.now()
    gator.backend.clock = lambda: now + BLOB_GRACE + 1
    assert gator.backend.blobs.forget() == 1
    assert (kept.get(), captured.get()) == ([0], [1])
    with pytest.raises(BlobMissing, match="put the value, anew"):
        dropped.get()
    with pytest.raises(BlobMissing, match="put the value, anew"):
        gator.task(len, dropped)
    with pytest.raises(BlobMissing, match="put the value, anew"):
        gator.task(lambda: dropped.get())


def test_equal_values_are_the_same_call(gator: Gator) -> None:
    first = gator.options(reuse=True).task(len, gator.put([1, 2]))
    assert gator.options(reuse=True).task(len, gator.put([1, 2])).task_id == first.task_id
    assert gator.options(reuse=True).task(len, gator.put([1, 3])).task_id != first.task_id


def test_a_sync_task_takes_a_ref(gator: Gator) -> None:
    task = gator.push(Task(is_async=False), len, gator.put([1, 2]))
    assert (task.status, task.result) == (SUCCESS, 2)


def test_a_ref_in_a_value_is_refused(gator: Gator) -> None:
    """Nothing would keep its value."""
    with pytest.raises(TypeError, match=r"ref\.get\(\)"):
        gator.put({"inner": gator.put(1)})
