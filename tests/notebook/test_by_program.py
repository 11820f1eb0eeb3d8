"""A notebook that nbconvert or papermill runs, as a report at night: its result is a file."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.slow

LOAD = "%load_ext gator_nb\nimport time"
GOOD = """
def fit(depth):
    print("fitting", depth)
    time.sleep(0.5)
    return f"depth {depth}: fine"

fits = gator.map(fit, [2, 4])
fits"""
ONE = 'gator.options(name="one").task(fit, 8)'
BAD = """
def load(path):
    time.sleep(0.3)
    return open(path).read()

gator.task(load, "not there")"""
WAIT = "%gator wait"


@pytest.fixture
def run(kernel_env: dict[str, str], tmp_path: Path):
    """Runs a program on a notebook of these cells, in a folder of its own."""

    def run(cells: list[str], *command: str) -> "subprocess.CompletedProcess[str]":
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, tmp_path / "report.ipynb")
        return subprocess.run(
            [sys.executable, "-m", *command], env=kernel_env, cwd=tmp_path, timeout=120,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def test_nbconvert_makes_a_page_that_tells_how_all_of_it_ended(run, tmp_path: Path):
    """The last cell waits for what runs; the cards above it show the end, as HTML that needs no
    script, nothing from a kernel, and nothing that is not there."""
    done = run([LOAD, GOOD, ONE, WAIT], "nbconvert", "--execute", "--to", "html", "report.ipynb")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    body = page[page.index("<body") :]
    told = re.findall(r'aria-label="([^"]*)"', body)
    assert told == ["2 tasks", "2 success", "Task one: success", "3 tasks", "3 success"]
    assert body.count("2 of 2 ended") == 1
    assert "depth 8: fine" in body
    assert "<summary" in body
    assert "widget-view" not in body[body.index("gator") :]
    assert "as seen at" not in body


def test_nbconvert_fails_when_a_task_has_failed(run, tmp_path: Path):
    """And makes no page, as for a cell that raises."""
    done = run([LOAD, BAD, WAIT], "nbconvert", "--execute", "--to", "html", "report.ipynb")
    assert done.returncode != 0
    assert "FileNotFoundError" in done.stderr
    assert not (tmp_path / "report.html").exists()


def test_papermill_fails_too_and_keeps_the_cards(run, tmp_path: Path):
    """Its notebook is written all the same, with what became of each task."""
    done = run([LOAD, GOOD, BAD, WAIT], "papermill", "report.ipynb", "out.ipynb")
    assert done.returncode != 0
    out = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    shown = [one.data for cell in out.cells for one in cell.get("outputs", []) if "data" in one]
    told = [data["text/plain"] for data in shown]
    assert "2 tasks: 2 success" in told
    assert any(text.startswith("failed: load") for text in told)
