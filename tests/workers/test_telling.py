"""What running code tells: `track`, bars, `checkpoint`; in threads and in processes."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gator_nb import Gator, Status, Task, Worker, checkpoint, progress, track
from gator_nb.errors import NotPicklable
from tests.waiting import until


@pytest.fixture(params=["threads", "processes"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gator]:
    """A queue that one worker serves, in either place of execution."""
    address = f"sqlite:///{tmp_path}/tasks.sqlite"
    with Gator(address) as gator, Worker(gator, **{request.param: 1}):
        yield gator


def told(task: Task) -> tuple[float, float | None, str | None]:
    progress = task.wait(30).progress
    assert progress is not None
    return progress.done, progress.total, progress.message


def test_track_tells_how_far_a_loop_is(queue: Gator) -> None:
    def add() -> int:
        return sum(track([1, 2, 3], message="adding"))

    task = queue.task(add)
    assert (task.get(30), told(task)) == (6, (3, 3, "adding"))


def test_tqdm_tells_too_and_writes_nothing(queue: Gator) -> None:
    """The outermost bar is the task's progress; the user's code is as it was."""

    def load() -> int:
        from tqdm.auto import tqdm

        for _ in tqdm(range(4), desc="files"):
            for _ in tqdm(range(2), desc="rows"):
                time.sleep(0.03)
        return 4

    task = queue.task(load)
    assert (task.get(30), told(task), task.logs()) == (4, (4, 4, "files"), "")


def test_a_bar_that_turns_itself_off_without_a_terminal_tells_all_the_same(queue: Gator) -> None:
    def load() -> None:
        from tqdm import tqdm

        for _ in tqdm(range(3), disable=None):
            time.sleep(0.05)

    assert told(queue.task(load)) == (3, 3, None)


def test_rich_tells_too_and_writes_nothing_but_what_is_printed(queue: Gator) -> None:
    """`track`, whose bar a thread of rich's own moves, and the first bar of a `Progress` that the
    code moves."""

    def load() -> int:
        from rich.progress import track

        return sum(1 for _ in track(range(4), description="[red]files[/red]"))

    def copy() -> None:
        from rich.progress import Progress

        with Progress() as progress:
            files, rows = progress.add_task("files", total=4), progress.add_task("rows")
            for _ in range(3):
                progress.advance(files)
                progress.update(rows, completed=7)
            progress.print("nearly done")

    task, other = queue.task(load), queue.task(copy)
    assert (task.get(30), told(task), task.logs()) == (4, (4, 4, "files"), "")
    assert (told(other), other.logs()) == ((3, 4, "files"), "nearly done\n")


def test_a_task_stops_at_its_bar_of_rich(queue: Gator) -> None:
    """And the bars of others can still be moved."""

    def work() -> None:
        from rich.progress import Progress

        with Progress() as progress:
            bar = progress.add_task("endless")
            while True:
                progress.advance(bar)

    for _ in range(2):
        task = queue.task(work)
        until(lambda task=task: task.progress is not None, 30)
        task.cancel().wait(timeout=30)
        assert task.status is Status.CANCELED


def test_bars_outside_of_a_task_show_how_far_a_group_is(gator: Gator, capsys) -> None:
    """In a script: whatever shows the progress of an iteration shows that of a group."""
    from rich.progress import track as bar
    from tqdm import tqdm

    with Worker(gator, threads=2):
        group = gator.map(abs, range(20))
        assert len(list(bar(group.as_completed(), total=len(group)))) == 20
        assert len(list(tqdm(group.as_completed(), total=len(group)))) == 20
    out, err = capsys.readouterr()
    assert "100%" in out
    assert "20/20" in err


def test_the_next_try_goes_on_from_the_checkpoint(queue: Gator) -> None:
    def train() -> list[int]:
        seen = checkpoint() or []
        for epoch in range(len(seen), 6):
            if epoch == 3 and not seen:
                raise OSError("the disk was full")
            checkpoint([*range(epoch + 1)])
        return [len(seen), *checkpoint()]

    task = queue.options(retries=1).task(train)
    assert task.get(30) == [3, 0, 1, 2, 3, 4, 5]


def test_a_checkpoint_outlives_a_cancel(queue: Gator) -> None:
    def train() -> None:
        checkpoint({"epoch": 7})
        while True:
            time.sleep(0.01)

    task = queue.task(train)
    until(lambda: task.handle.look().checkpoint)
    task.cancel().wait(30)
    assert task.status is Status.CANCELED
    assert task.checkpoint == {"epoch": 7}


def test_a_checkpoint_that_does_not_pickle_is_refused_where_it_is_made(queue: Gator) -> None:
    def train() -> None:
        checkpoint(n for n in range(3))

    with pytest.raises(NotPicklable, match="generator"):
        queue.task(train).get(30)


def test_outside_of_a_task_nothing_is_kept() -> None:
    checkpoint({"epoch": 7})
    assert checkpoint() is None
    assert list(track("abc")) == ["a", "b", "c"]


def test_a_cancel_leaves_tqdm_usable(gator: Gator) -> None:
    """Wherever in it, and in whichever thread of the task: its bars share one lock."""
    from concurrent.futures import ThreadPoolExecutor

    from tqdm import tqdm

    def bars() -> None:
        for _ in tqdm(iter(int, 1), mininterval=0):
            pass

    def in_a_pool() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda _: bars(), range(2)))

    with Worker(gator, threads=1):
        for work in (bars, bars, in_a_pool):
            task = gator.task(work)
            until(lambda task=task: task.progress is not None, 30)
            task.cancel().wait(timeout=30)
            assert str(task.status) == "canceled"
            other = threading.Thread(target=lambda: tqdm(range(1)).close(), daemon=True)
            other.start()
            other.join(10)
            assert not other.is_alive(), "its lock is taken for good"


@pytest.mark.slow
def test_the_time_that_is_left_is_reckoned_from_where_it_went_on(gator: Gator) -> None:
    """By the pace of this try, not as if it had done all of it."""
    from gator_nb.notebook.card import task_html

    def work() -> None:
        for done in range(900, 1000):
            progress(done, 1000)
            time.sleep(0.1)

    with Worker(gator, threads=1):
        task = gator.task(work)
        until(lambda: task.elapsed > 3, 30)
        told = task.progress
        assert told is not None
        assert told.since is not None
        assert told.since[0] == 900
        (left,) = re.findall(r"about ([\d.]+) s left", task_html(task))
        assert 4 < float(left) < 14
        task.cancel().wait(30)
