"""`task.debug()`: the call again, here, with the debugger where it fails."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gator_nb import Gator

SCRIPT = """
    from gator_nb import Gator

    def ratio(total, count):
        return total / count

    with Gator("memory://") as gator:
        task = gator.task(ratio, 7, 0)
        try:
            gator.pop()
        except ZeroDivisionError:
            pass
        task.debug()
        print("status:", task.status)
"""


def test_it_opens_the_debugger_where_the_error_is(tmp_path: Path) -> None:
    """The arguments are there to look at; what became of the task stays."""
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    told = subprocess.run(
        [sys.executable, str(script)],
        input="p total, count\nq\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    ).stdout
    assert "ZeroDivisionError: division by zero" in told
    assert "(7, 0)" in told
    assert "status: failed" in told


def test_a_call_that_works_this_time_says_so(
    gator: Gator, capsys: pytest.CaptureFixture[str]
) -> None:
    gator.task(pow, 2, 10).debug()
    assert "ran to its end this time: 1024" in capsys.readouterr().out
