"""IPython in a terminal: no page, so a line of text says what a card would."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

pytestmark = pytest.mark.slow

PATIENCE = 60


class Terminal:
    """A person at IPython."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        command = ["-m", "IPython", "--simple-prompt", "--colors=NoColor", "--no-banner"]
        self.child = pexpect.spawn(
            sys.executable, command, env=env | {"TERM": "dumb"}, cwd=str(folder),
            encoding="utf-8", timeout=PATIENCE, dimensions=(40, 200), echo=False,
        )  # fmt: skip
        self.child.expect(r"In \[\d+\]: ")

    def type(self, line: str) -> str:
        """Type a line; what it prints before the next prompt."""
        self.child.sendline(line)
        self.child.expect(r"In \[\d+\]: ")
        return str(self.child.before).replace("\r\n", "\n").strip()

    def leave(self) -> int | None:
        """Type `exit`; the exit code."""
        self.child.sendline("exit")
        self.child.expect(pexpect.EOF)
        self.child.close()
        return self.child.exitstatus


@pytest.fixture
def terminal(kernel_env: dict[str, str], tmp_path: Path) -> Iterator[type[Terminal]]:
    """Opens terminals; those that are left open are closed."""
    opened: list[Terminal] = []

    class Opened(Terminal):
        def __init__(self) -> None:
            super().__init__(kernel_env, tmp_path)
            opened.append(self)

    yield Opened
    for one in opened:
        one.child.close(force=True)


def test_a_task_is_a_line_and_the_prompt_is_free(terminal: type[Terminal]):
    """Its words are those of a card; magics work as in a notebook."""
    shell = terminal()
    assert shell.type("%load_ext gator_nb") == ""
    shell.type("import time; task = gator.task(time.sleep, 1.5)")
    assert shell.type("task").startswith(("Out[3]: running: sleep (", "Out[3]: waiting: sleep ("))
    shell.type("_ = task.wait(30)")
    assert "success: sleep (" in shell.type("task")
    assert "success 1" in shell.type("%gator")
    assert "2 tasks: 2 success" in shell.type("gator.map(abs, [-1, -2]).wait(timeout=30)")
    assert "ZeroDivisionError" in shell.type("gator.task(divmod, 1, 0).wait(30)")
    assert "gator retry" in shell.type("%gator help")


def test_leaving_ends_what_runs_and_loses_nothing_else(terminal: type[Terminal]):
    """The next session has the results; what was cut short or had not begun is held."""
    shell = terminal()
    shell.type("%load_ext gator_nb")
    shell.type("import time; _ = gator.start_worker(threads=1)")
    shell.type("done = gator.options(name='done').task(pow, 2, 10); _ = done.wait(30)")
    shell.type("def spin():\n    while True: time.sleep(0.01)\n")
    shell.type("running = gator.options(name='running').task(spin)")
    shell.type("while not running.started: time.sleep(0.01)\n")
    shell.type("waiting = gator.options(name='waiting').task(abs, -1)")
    assert shell.leave() == 0
    again = terminal()
    assert "2 tasks from before are held" in again.type("%load_ext gator_nb")
    assert again.type("gator['done'].get()") == "Out[2]: 1024"
    again.type("%gator resume")
    assert again.type("gator['waiting'].get(30)") == "Out[4]: 1"
