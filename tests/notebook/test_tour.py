"""The notebooks after the quickstart, from top to bottom in real kernels, and their scenes."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from .conftest import PATIENCE, Kernel

pytestmark = pytest.mark.slow

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def read(name: str) -> NotebookNode:
    return nbformat.read(NOTEBOOKS / name, as_version=4)


def executed(name: str, env: dict[str, str], folder: Path) -> str:
    """All that the cells of a notebook put out, as text; a cell that raises fails the test."""
    notebook = read(name)
    assert not any(cell.get("outputs") for cell in notebook.cells), "kept without outputs"
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=where).execute(env=env)
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
    )


def code_of(name: str) -> list[str]:
    """The cells that Run All can run to their end without a person."""
    return [
        cell.source
        for cell in read(name).cells
        if cell.cell_type == "code" and "skip-execution" not in cell.metadata.get("tags", [])
    ]


def test_a_cancel_that_lies_stands_beside_one_that_does_not(
    kernel_env: dict[str, str], tmp_path: Path
) -> None:
    """03: what a pool calls canceled still runs; what the queue calls canceled does not. A try
    that was out of time goes on from its checkpoint, a crash is told, a push is refused."""
    told = executed("03_stopping.ipynb", kernel_env, tmp_path)
    assert "says canceled: True - still runs: True" in told
    assert "it says: canceled - still runs: False" in told
    assert "start at epoch 0" in told
    assert len([line for line in told.splitlines() if line.startswith("start at epoch")]) > 1
    assert "SIGSEGV" in told
    assert "`average` captures `con` (sqlite3.Connection): open it inside the function" in told


def test_two_machines_of_which_one_dies(kernel_env: dict[str, str], tmp_path: Path) -> None:
    """04: a server, two workers, one killed amid the work: each fold has its score, and all that
    the notebook started has ended. No password is among what it shows."""
    told = executed("04_other_machines.ipynb", kernel_env | {"XDG_CONFIG_HOME": str(tmp_path)},
                    tmp_path)  # fmt: skip
    assert "redis://127.0.0.1:" in told
    assert "of 8 folds" in told
    assert re.search(r"begun twice: \[(\d)?\]", told), told
    assert "the second machine ended with 0" in told
    assert "the server ended with 0" in told
    password = re.search(r'password = "(.+)"', (tmp_path / "gator_nb/profiles.toml").read_text())
    assert password
    assert password[1] not in told


def test_scikit_learn_and_dask_run_on_the_queue(kernel_env: dict[str, str], tmp_path: Path) -> None:
    """06: a search finds what it finds alone; on a Dask cluster a cancel reaches what runs, and
    what a Dask worker had when it was killed runs again."""
    told = executed("06_scikit_learn_and_dask.ipynb", kernel_env, tmp_path)
    assert "the scores are the same: True" in told
    assert "not in this kernel: True" in told
    assert "{'C': 10, 'gamma': 0.001}" in told
    assert str(sum(n**2 for n in range(2000))) in told
    assert re.search(r"canceled at \d+ of 10000", told)
    assert "done at last" in told
    assert "[its executor lost it after" in told


def test_a_task_is_followed_through_its_store(kernel_env: dict[str, str], tmp_path: Path) -> None:
    """07: what each step shows is what the text beside it says."""
    told = executed("07_how_it_works.ipynb", kernel_env, tmp_path)
    assert "which begin b'GNB1\\x04call" in told
    assert "with an old claim:  lost" in told
    assert "with the right one: done" in told
    assert "the value: 119.0 - it printed: with a rate of 1.19" in told
    assert "Untrusted - the signature of this call does not fit" in told
    assert "nothing is wrong" in told


def test_the_page_lives_in_its_notebook(kernel_env: dict[str, str], tmp_path: Path) -> None:
    """05: it is served beside the cells, and its figures tell what the cells did."""
    told = executed("05_dashboard.ipynb", kernel_env, tmp_path)
    assert "Dashboard: http://127.0.0.1:" in told
    assert 'status="success"} 5.0' in told
    assert 'status="failed"} 1.0' in told


def test_the_sweep_comes_back_after_kill_9(
    start_kernel: Callable[..., Kernel], tmp_path: Path
) -> None:
    """02: Run All, kill -9 amid the long sweep, Run All in a new kernel: what had ended is
    answered, the rest runs, and nothing ran twice that had ended."""
    cells = code_of("02_sweep.ipynb")
    first = start_kernel()
    for cell in cells[:-1]:
        first.run(cell)
    assert first.run("print(sum(task.reused for task in wider))") == "9\n"
    first.until("sum(task.done() for task in long) >= 1")
    first.kill()

    second = start_kernel()
    printed = [second.run(cell) for cell in cells]
    assert "held" in printed[0]
    assert second.run("print(all(task.reused for task in sweep if task.result))") == "True\n"
    assert int(printed[-1].split()[0]) >= 1
    assert second.run("print(set(map(str, long.counts())))") == "{'success'}\n"
    assert second.run("print(gator.verify())") == "[]\n"


def test_yesterdays_variables_are_at_the_debuggers_prompt(
    start_kernel: Callable[..., Kernel],
) -> None:
    """03: in a new kernel `debug()` of the broken task shows `scale` as it was pushed."""
    first = start_kernel()
    first.run("%load_ext gator_nb")
    (cell,) = [cell for cell in code_of("03_stopping.ipynb") if "def shares" in cell]
    first.run(cell)
    first.kill()

    second = start_kernel()
    second.run("%load_ext gator_nb")
    (last,) = [cell.source for cell in read("03_stopping.ipynb").cells if "debug()" in cell.source
               and cell.cell_type == "code"]  # fmt: skip
    request = second.client.execute(last)
    for typed in ("scale", "q"):
        second.client.get_stdin_msg(timeout=PATIENCE)
        second.client.input(typed)
    seen, deadline = "", time.monotonic() + PATIENCE
    while "[1, 2, 0]" not in seen and time.monotonic() < deadline:
        message = second.client.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") == request:
            seen += message["content"].get("text", "")
    assert "ZeroDivisionError" in seen
    assert "[1, 2, 0]" in seen
