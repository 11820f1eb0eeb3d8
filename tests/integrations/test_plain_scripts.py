"""A plain script, on a machine without Jupyter."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys

class Absent:
    '''As on a machine that has only what the core needs.'''
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in (
            "IPython", "ipykernel", "ipywidgets", "panel", "bokeh", "pandas", "matplotlib", "tqdm",
            "joblib", "sklearn", "distributed", "jupyter_client",
        ):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())

from gator_nb import Gator, Worker, progress

def work(x):
    progress(1, 1)
    print("working")
    return x ** 2

if __name__ == "__main__":
    with Gator(sys.argv[1]) as gator, Worker(gator, **{sys.argv[2]: 2}):
        tasks = gator.map(work, range(3))
        print(tasks.get(), [task.logs().strip() for task in tasks], repr(tasks))
"""


@pytest.mark.parametrize("where", ["threads", pytest.param("processes", marks=pytest.mark.slow)])
def test_a_script_needs_no_jupyter(tmp_path: Path, where: str) -> None:
    """Nor pandas or a widget: everything but showing works with the core alone."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    told = subprocess.run(
        [sys.executable, "-W", "error", script, f"sqlite:///{tmp_path}/tasks.sqlite", where],
        capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert told.stderr == ""
    assert told.stdout.startswith("[0, 1, 4] ['working', 'working', 'working'] ")
