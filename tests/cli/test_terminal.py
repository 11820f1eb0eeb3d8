"""What a person sees in a terminal: a status line below the log, and tables that fit."""

import io
import logging
from collections.abc import Iterator

import pytest
from rich.console import Console

from gator_nb import Gator
from gator_nb.cli.listing import table_of
from gator_nb.cli.serving import ServingWorker
from gator_nb.cli.status_line import StatusLine
from gator_nb.cli.worker_log import Tally, TerminalLines
from gator_nb.dashboard.views.notes import worker_command

from ..waiting import until

ON_SQLITE = pytest.mark.parametrize("dsn", ["sqlite"], indirect=True)


def terminal(width: int) -> Console:
    return Console(file=io.StringIO(), width=width, highlight=False)


def printed(console: Console) -> list[str]:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.fixture
def worker(gator: Gator) -> Iterator[ServingWorker]:
    with ServingWorker(gator, threads=2, grace=None) as running:
        until(running.registered.is_set)
        yield running


@ON_SQLITE
@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_status_line_is_one_line(worker: ServingWorker, gator: Gator, width: int) -> None:
    """What runs, ended and waits, then where; the end is cut when there is no room."""
    gator.task(pow, 2, 10).wait()
    gator.options(delay_by="1d").task(pow, 2, 10)
    line = StatusLine(worker, Tally())
    line.queued = line.count()
    until(lambda: worker.tasks_complete == 1)
    console = terminal(width)
    console.print(line)
    (text,) = printed(console)
    assert text.startswith("0/2 running · 1 done · 0 failed · 1 queued · up 0:0")
    assert len(text) <= width
    assert text.endswith((gator.conn_string, "…"))


@ON_SQLITE
@pytest.mark.parametrize("width", [80, 120])
def test_a_table_fits(gator: Gator, width: int) -> None:
    """Names give way; states, ids and times never do."""
    gator.options(name="a name that is much too long for any table " * 3).task(pow, 2, 10)
    gator.options(queue="q" * 100).task(pow, 2, 10).cancel()
    console = terminal(width)
    console.print(table_of([task.handle.record for task in gator.tasks(queue="*")], 0.0, console))
    header, canceled, waiting = printed(console)
    assert max(map(len, (header, canceled, waiting))) <= width
    assert "canceled" in canceled
    assert "waiting" in waiting
    assert "…" in waiting
    assert ("canceled by handle" in canceled) == (width == 120)


def test_a_log_line_in_the_terminal() -> None:
    """A sign for each outcome, and no text that a terminal would obey."""
    console = terminal(80)
    record = logging.LogRecord("x", logging.INFO, "", 0, "failed: [b]\x1b[2J 0c ffee", None, None)
    record.fields = {"event": "failed"}
    TerminalLines(console).emit(record)
    (line,) = printed(console)
    assert line[9:] == "✘ failed [b] [2J 0c ffee"


def test_the_dashboard_names_the_command() -> None:
    """Quoted, so that it can be pasted into a shell."""
    told = worker_command("sqlite:////my tasks.sqlite")
    assert told == "gator-nb worker 'sqlite:////my tasks.sqlite'"
