"""A notebook that a program runs, as nbconvert and papermill do: nobody sees that a task failed."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

SLOW = "import time\ndef slow(): time.sleep(1.5); return 'made in the last moment'"


def run(monkeypatch: pytest.MonkeyPatch, env: dict[str, str], folder: Path, *cells: str):
    """Execute cells as nbclient does; answers the notebook."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    for name in set(os.environ) - set(env):
        monkeypatch.delenv(name)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    place = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources=place).execute()
    return notebook


def text(notebook: NotebookNode, number: int) -> str:
    """What a cell printed."""
    return "".join(one.get("text", "") for one in notebook.cells[number].outputs)


def test_the_first_push_says_once_what_the_last_cell_has_to_be(
    monkeypatch, kernel_env, tmp_path
) -> None:
    """The kernel would end over the tasks; with the cell it waits for them."""
    notebook = run(
        monkeypatch, kernel_env, tmp_path, "%load_ext gator_nb", SLOW,
        "task = gator.task(slow)", "again = gator.task(slow)", "%gator wait", "print(task.result)",
    )  # fmt: skip
    assert text(notebook, 2).count("nobody watches this notebook") == 1
    assert "`%gator wait`" in text(notebook, 2)
    assert text(notebook, 3) == ""
    assert text(notebook, 5) == "made in the last moment\n"


def test_the_run_fails_when_a_task_has_failed(monkeypatch, kernel_env, tmp_path) -> None:
    """A report over failed tasks is no report."""
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run(
            monkeypatch, kernel_env, tmp_path, "%load_ext gator_nb",
            "%%gator --no-card\n1 / 0", "%gator wait",
        )  # fmt: skip


def test_a_person_is_told_nothing(kernel) -> None:
    """Whoever sits before the notebook sees the cards."""
    assert kernel.run("task = gator.task(abs, -1)") == ""
