"""Figures, tables and other displays of a task: in its log and in order, whole or left out."""

import base64
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gator_nb import Gator, Worker
from gator_nb.output.rich_output import (
    Display,
    Splitter,
    displays_of,
    encoded,
    split,
    text_of,
)
from gator_nb.output.routing import Sink

from ..waiting import until


@pytest.fixture(params=["threads", "processes"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Gator]:
    """A queue that one worker serves, in either place of execution."""
    address = f"sqlite:///{tmp_path}/tasks.sqlite"
    with Gator(address) as gator, Worker(gator, **{request.param: 1}):
        yield gator


def test_a_figure_that_is_left_open_is_shown_and_closed(queue: Gator) -> None:
    def draw() -> list[int]:
        import matplotlib.pyplot as plt

        plt.plot([1, 2, 3])
        return plt.get_fignums()

    def numbers() -> list[int]:
        import matplotlib.pyplot as plt

        return plt.get_fignums()

    task = queue.task(draw)
    assert len(task.get(60)) == 1
    (shown,) = task.outputs
    assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")
    assert queue.task(numbers).get(60) == []


def test_displays_stand_where_they_were_made(queue: Gator) -> None:
    def tell() -> None:
        from IPython.display import HTML, display

        print("before")
        display(HTML("<b>bold</b>"), {"a": 1})
        print("after")

    task = queue.task(tell)
    task.get(60)
    log = queue.backend.log(task.task_id)
    kinds = [piece if isinstance(piece, bytes) else sorted(piece.data) for piece in split(log)]
    assert kinds == [b"before\n", ["text/html", "text/plain"], ["text/plain"], b"after\n"]
    assert task.logs().splitlines()[-2:] == ["{'a': 1}", "after"]
    assert [shown.get("text/html") for shown in task.outputs] == ["<b>bold</b>", None]


def test_show_shows_at_that_moment(queue: Gator) -> None:
    def draw() -> None:
        import matplotlib.pyplot as plt

        plt.plot([1, 2])
        plt.show()
        print("between")
        plt.plot([2, 1])

    task = queue.task(draw)
    task.get(60)
    pieces = split(queue.backend.log(task.task_id))
    assert [isinstance(piece, Display) for piece in pieces] == [True, False, True]


def test_a_figure_that_cannot_be_drawn_changes_nothing(queue: Gator) -> None:
    def draw() -> str:
        import matplotlib.pyplot as plt

        plt.title(r"$\nosuchcommand{$")
        return "done"

    task = queue.task(draw)
    assert task.get(60) == "done"
    assert "could not be drawn" in task.logs()


def test_what_a_thread_of_the_task_prints_is_the_tasks(queue: Gator) -> None:
    def start() -> None:
        import threading

        thread = threading.Thread(target=print, args=("from a thread",))
        thread.start()
        thread.join()

    assert queue.task(start).wait(60).logs() == "from a thread\n"


def test_what_it_gives_to_a_pool_that_is_older_is_the_tasks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each call by itself: the pool's threads are nobody's, whoever had them started."""

    def submit(word: str) -> None:
        import threading

        threading.old_pool.submit(print, "from the pool", word).result()  # type: ignore[attr-defined]

    with ThreadPoolExecutor(1) as pool, Gator("memory://") as gator:
        monkeypatch.setattr(threading, "old_pool", pool, raising=False)
        gator.start_worker(threads=1)
        logs = [gator.task(submit, word).wait(60).logs() for word in ("one", "two")]
        pool.submit(print, "from nobody").result()
    assert logs == ["from the pool one\n", "from the pool two\n"]
    assert capsys.readouterr().out == "from nobody\n"


def test_what_it_prints_shows_while_it_runs(queue: Gator, tmp_path: Path) -> None:
    """Within a second; here with room for a busy machine."""

    def work() -> None:
        print(time.time(), flush=True)
        while not (tmp_path / "enough").exists():
            time.sleep(0.01)

    task = queue.task(work)
    try:
        until(lambda: task.logs().strip(), 30)
        assert time.time() - float(task.logs()) < 5
        until(lambda: str(task.status) == "running")
    finally:
        (tmp_path / "enough").touch()
    task.wait(30)


def test_a_large_figure_is_kept(queue: Gator) -> None:
    """A megabyte of picture between two lines of text."""

    def draw() -> None:
        from gator_nb.attempts.running import current_try

        print("before")
        current_try().show(Display({"image/png": "x" * 1_000_000}, {}))  # type: ignore[union-attr]
        print("after")

    task = queue.task(draw).wait(60)
    assert [len(shown["image/png"]) for shown in task.outputs] == [1_000_000]
    assert task.logs() == "before\nafter\n"


def test_a_log_is_taken_apart_wherever_it_was_cut() -> None:
    """Every way to cut it in two gives the same text and displays."""
    log = b"a\x1b[31mred" + encoded(Display({"text/plain": "x"}, {"w": 1})) + b"\xc3\xa9b"
    for cut in range(len(log) + 1):
        splitter = Splitter()
        pieces = [*splitter.feed(log[:cut]), *splitter.feed(log[cut:]), splitter.rest()]
        text = b"".join(piece for piece in pieces if isinstance(piece, bytes))
        shown = [piece for piece in pieces if isinstance(piece, Display)]
        assert (text, shown) == (b"a\x1b[31mred\xc3\xa9b", [Display({"text/plain": "x"}, {"w": 1})])


@pytest.mark.parametrize("forged", [b"!!!", b"e30=", base64.b64encode(b'{"data": 1}')])
def test_what_only_looks_like_a_display_stays_text(forged: bytes) -> None:
    log = b"\x1b_gator_nb;" + forged + b"\x1b\\"
    assert displays_of(log) == []
    assert text_of(log) == log


def test_a_display_is_kept_whole_or_left_out() -> None:
    """Of a log past its bounds the middle is gone, and no display is cut in two."""
    sink = Sink()
    for n in range(120):
        sink.show(Display({"image/png": "x" * 100_000, "text/plain": str(n)}, {}))
    log = sink.take() + sink.finish()
    shown = [int(one.data["text/plain"]) for one in displays_of(log)]
    assert shown[0] == 0
    assert shown[-1] == 119
    assert len(shown) < 120
    assert b"bytes left out" in log


def test_a_display_that_is_too_large_says_so() -> None:
    assert b"is left out" in encoded(Display({"image/png": "x" * (5 << 20)}, {}))
    assert sys.getsizeof(encoded(Display({"image/png": "x" * (5 << 20)}, {}))) < 1000
