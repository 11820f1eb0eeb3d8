"""The Python of the documents, run from top to bottom as somebody would who copies it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gator_nb import Gator

from ..notebook.conftest import Kernel, kernel_env, start_kernel
from ..waiting import until
from .reading import ROOT, blocks

__all__ = ["kernel_env", "start_kernel"]  # fixtures
pytestmark = pytest.mark.slow

# What a reader has beside the text: data, a model, and functions of their own.
BEFORE = """
from concurrent.futures import ProcessPoolExecutor
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier

X, y = load_iris(return_X_y=True)
X_test, y_test = X, y
model, parameters = DecisionTreeClassifier(), {"max_depth": [1, 2]}

def Forest(depth):
    return RandomForestClassifier(5, max_depth=depth)

def step():
    return 0.1

def report():
    return "done"
"""
FIT = "def fit(depth):\n    return depth\n"


def python_of(document: str) -> list[str]:
    """Its blocks of Python, and the cells that magics run."""
    found = blocks((ROOT / document).read_text())
    return [block.text for block in found if block.language == "python" or block.text[:2] == "%%"]


def in_a_script(code: str) -> bool:
    return "run_forever" in code


def test_the_readme_runs_in_a_notebook(start_kernel: Callable[..., Kernel]) -> None:
    """All of its cells, in their order; then what they pushed has come to what they say."""
    kernel = start_kernel()
    kernel.run(BEFORE)
    for cell in python_of("README.md"):
        if not in_a_script(cell):
            kernel.run(cell)
    kernel.until("sweep.counts() == {'success': 3} or list(sweep.counts()) == [1]")
    assert kernel.run("print(sorted(sweep.table().columns))").count("accuracy") == 1
    assert kernel.run("print(gator['nightly'].status)") == "delayed\n"
    kernel.until("'n_estimators' in str(model) or hasattr(model, 'estimators_')")


def test_the_readme_runs_as_a_script(tmp_path: Path) -> None:
    """Its worker runs until Ctrl-C, and what follows it is reached."""
    (code,) = filter(in_a_script, python_of("README.md"))
    (tmp_path / "script.py").write_text(f"{BEFORE}\n{FIT}\nif True:\n" + _indented(code))
    script = subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, env=_env())
    try:
        until((tmp_path / "jobs.sqlite").exists, 60)
        with Gator(f"sqlite:///{tmp_path}/jobs.sqlite") as gator:
            until(lambda: [one.result for one in gator.tasks()] == [4], 60)
        script.send_signal(signal.SIGINT)
        assert script.wait(30) == 0
    finally:
        script.kill()
        script.wait()


@pytest.mark.parametrize("number", range(len(python_of("notebooks/moving.md"))))
def test_what_moved_runs(number: int, tmp_path: Path) -> None:
    """Each block of Python by itself."""
    (tmp_path / "moved.py").write_text(python_of("notebooks/moving.md")[number])
    done = subprocess.run(
        [sys.executable, "-W", "error", "moved.py"], cwd=tmp_path, env=_env(), timeout=60,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def _env() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


def _indented(code: str) -> str:
    return "".join(f"    {line}" for line in code.splitlines(keepends=True))
