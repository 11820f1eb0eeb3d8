"""Wrong words, wrong stores: a clear line, no traceback, exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

from gator_nb import CANCELED, WAITING, Gator

from ..redis.servers import free_port, running
from ..waiting import until
from .conftest import Run, Told, run_elsewhere, run_here


def refused(told: Told) -> str:
    """What a refusal said: nothing among the results, and no traceback."""
    assert (told.code, told.out) == (2, "")
    assert "Traceback" not in told.err
    return told.err


def in_a_line(told: Told) -> str:
    (line,) = refused(told).splitlines()
    return line


def test_unknown_ids(run: Run, gator: Gator) -> None:
    """The word and the store are named."""
    for verb in ("show", "logs", "cancel", "retry"):
        told = in_a_line(run(verb, "c0ffee"))
        assert told.startswith("gator-nb: no task in ")
        assert "'c0ffee'" in told


def test_a_beginning_of_several_ids(run: Run, gator: Gator) -> None:
    """They are named, with more of their ids."""
    for task_id in ("report-a", "report-b"):
        gator.options(task_id=task_id).task(pow, 2, 10)
    told = in_a_line(run("cancel", "report"))
    assert "begins 2 ids: report-b (pow), report-a (pow); give more of the id" in told
    assert run("cancel", "report-a").code == 0


def test_names_are_taken_too(run: Run, gator: Gator) -> None:
    """The newest of that name, and which it is when there are several."""
    tasks = [gator.options(name="nightly").task(pow, 2, n) for n in range(2)]
    told = run("cancel", "nightly")
    assert f"the newest of that name is {tasks[1].task_id[:8]}" in told.err
    until(lambda: [task.status for task in tasks] == [WAITING, CANCELED])


def test_a_function_is_not_a_name(run: Run, gator: Gator) -> None:
    """Lists show what a task without a name runs; the newest of these is told by its id."""
    gator.task(pow, 2, 10)
    newest = gator.task(pow, 2, 11)
    told = in_a_line(run("show", "pow"))
    assert "2 tasks run the function of that name" in told
    assert f"as {newest.task_id[:8]} for the newest" in told


def test_a_store_in_the_place_of_an_id(run: Run, gator: Gator) -> None:
    """The option is named."""
    assert "give it behind --store" in in_a_line(run("show", gator.conn_string))


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A typing error does not become an empty store, in which nothing could be found."""
    path = tmp_path / "tpyo.sqlite"
    for verb in (["ls"], ["purge"], ["verify"], ["show", "abc", "--store"]):
        assert f"there is no store at {path}" in in_a_line(run_here(*verb, f"sqlite:///{path}"))
    assert not path.exists()


def test_stores_of_another_process_and_of_no_kind(tmp_path: Path) -> None:
    """The mend is in the line."""
    assert "use sqlite:///tasks.sqlite" in in_a_line(run_here("worker", "memory://"))
    assert "sqlite://" in in_a_line(run_here("ls", "nosuch://here"))
    (tmp_path / "text.sqlite").write_text("no database at all, " * 100)
    assert "text.sqlite" in in_a_line(run_here("ls", f"sqlite:///{tmp_path}/text.sqlite"))


@pytest.mark.parametrize("verb", ["worker", "ls", "verify"])
def test_no_server_there(verb: str) -> None:
    """Wrong port."""
    port = free_port()
    told = in_a_line(run_here(verb, f"redis://127.0.0.1:{port}"))
    assert f"127.0.0.1:{port}" in told


def test_no_such_host() -> None:
    """Named as it was written."""
    assert "no-such-host.invalid" in in_a_line(
        run_here("ls", "redis://no-such-host.invalid/0?insecure=1")
    )


def test_a_wrong_password_is_not_shown() -> None:
    """Neither it nor the right one."""
    with running("--requirepass", "right-one") as server:
        told = in_a_line(run_here("worker", f"redis://:wrong-one@127.0.0.1:{server.port}"))
        assert "wrong-one" not in told
        assert "password" in told
        assert run_here("ls", f"redis://:right-one@127.0.0.1:{server.port}").code == 0


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["worker", "--threads", "0"], "--threads"),
        (["worker", "--max-time", "soon"], "--max-time"),
        (["worker", "--queue", ""], "--queue"),
        (["ls", "--status", "done"], "--status"),
        (["ls", "--limit", "-1"], "--limit"),
        (["fly"], "fly"),
    ],
    ids=" ".join,
)
def test_words_that_are_wrong(words: list[str], named: str) -> None:
    """The option is named, and what it takes."""
    assert named in refused(run_here(*words))


def test_no_password_in_the_log_of_a_worker() -> None:
    """The store is named without it."""
    with running("--requirepass", "right-one") as server:
        dsn = f"redis://:right-one@127.0.0.1:{server.port}"
        told = run_elsewhere("worker", dsn, "--idle-exit", "100ms")
    assert told.code == 0
    assert "right-one" not in told.err
    assert f"127.0.0.1:{server.port}" in told.err


def test_the_module_is_the_command() -> None:
    """`python -m gator_nb` and `gator-nb` are one."""
    told = subprocess.run(
        [sys.executable, "-m", "gator_nb", "--version"], capture_output=True, text=True, check=True
    )
    assert told.stdout == run_here("--version").out
