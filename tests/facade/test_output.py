"""What a task prints and logs: in its log, in order, and nowhere else."""

import io
import logging
import sys

import pytest

from gator_nb import Gator, Task
from gator_nb.output.routing import Sink, routing


def test_stdout_stderr_and_logging_are_in_the_log(busy: Gator) -> None:
    """In the order in which they came."""

    def work() -> None:
        print("out")
        print("err", file=sys.stderr)
        sys.stdout.writelines(["line\n"])

    assert busy.task(work).wait(20).logs() == "out\nerr\nline\n"


def test_a_handler_of_an_earlier_cell_writes_to_the_log(
    busy: Gator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was made before the task, and holds the stream itself."""
    logger = logging.getLogger("of.the.user")
    monkeypatch.setattr(logger, "handlers", [logging.StreamHandler(sys.stderr)])
    monkeypatch.setattr(logger, "propagate", False)

    def work() -> None:
        logging.getLogger("of.the.user").warning("low on %s", "memory")

    assert busy.task(work).wait(20).logs() == "low on memory\n"


def test_a_workers_task_prints_nothing_here(
    busy: Gator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not into whatever cell is newest."""
    busy.task(print, "hello").wait(20)
    print("mine")
    assert capsys.readouterr().out == "mine\n"


def test_a_task_that_is_popped_prints_here_too(
    gator: Gator, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody is looking at it."""
    task = gator.task(print, "hello")
    gator.pop()
    assert capsys.readouterr().out == "hello\n"
    assert task.logs() == "hello\n"


def test_two_tasks_never_mix(busy: Gator) -> None:
    """Each has its own lines, though they print at the same time."""

    def chatter(word: str) -> None:
        for _ in range(200):
            print(word)

    for word, task in zip("ab", busy.map(chatter, ["a", "b"]).wait(20), strict=True):
        assert set(task.logs().split()) == {word}
        assert len(task.logs().split()) == 200


def test_each_try_adds_to_the_log(gator: Gator) -> None:
    """The first try's words stay."""

    def fail() -> None:
        print("trying")
        raise ValueError("no")

    task = gator.options(retries=1).task(fail)
    gator.pop()
    with pytest.raises(ValueError, match="no"):
        gator.pop()
    assert task.logs() == "trying\ntrying\n"


def test_the_tail_is_its_last_lines(gator: Gator) -> None:
    """None is all of it, 0 nothing; less than nothing is refused."""
    task = gator.task(print, "a", "b", "c", sep="\n")
    gator.pop()
    assert (task.logs(tail=2), task.logs(tail=0), task.logs(tail=9)) == ("b\nc", "", "a\nb\nc")
    with pytest.raises(ValueError, match="tail=-1"):
        task.logs(tail=-1)


def test_very_much_output_keeps_its_start_and_its_end(gator: Gator) -> None:
    """And says how much is left out."""

    def chatter() -> None:
        print("first")
        for _ in range(30):
            print("x" * 100_000)
        print("last")

    task = gator.task(chatter)
    gator.pop()
    log = task.logs()
    assert log.startswith("first\n")
    assert log.endswith("last\n")
    assert "bytes left out" in log
    assert len(log) < 1_100_000


def test_an_error_in_a_hook_of_a_local_task_goes_to_the_logger(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """There is no log of a task that nothing stores."""
    task = Task(on_success=lambda *_: 1 / 0)
    task.to_call(pow, 2, 2)
    assert task.run().result == 4
    assert "ZeroDivisionError" in caplog.text


def test_streams_are_as_before_when_the_last_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """One stream for both, or none at all, is routed as well as two."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.setattr(sys, "stderr", stream)
    with routing(), routing():
        print("a")
        print("b", file=sys.stderr)
    assert stream.getvalue() == "a\nb\n"
    assert "write" not in vars(stream)
    monkeypatch.setattr(sys, "stdout", None)
    with routing():
        print("c", file=sys.stderr)
    assert stream.getvalue().endswith("c\n")


def test_a_sink_counts_what_it_leaves_out() -> None:
    """Head and tail are half a megabyte each."""
    sink = Sink()
    sink.write("a" * 1024 * 1024)
    assert len(sink.take()) == 512 * 1024
    sink.write("b" * 10)
    assert "[… 10 bytes left out …]" in sink.finish().decode()
