"""`notebooks/01_quickstart.ipynb`, from top to bottom in a real kernel."""

import re
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from gator_nb import CANCELED, FAILED, SUCCESS, Gator

from .conftest import Kernel

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "01_quickstart.ipynb"


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of somebody who has just installed gator_nb."""
    return tmp_path_factory.mktemp("person")


@pytest.fixture(scope="module")
def env(person: Path) -> dict[str, str]:
    import os

    return os.environ | {
        "HOME": str(person),
        "XDG_DATA_HOME": str(person / "data"),
        "IPYTHONDIR": str(person / "ipython"),
        "GATOR_NB_QUEUE": "quickstart",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }


@pytest.fixture(scope="module")
def executed(env: dict[str, str], person: Path) -> NotebookNode:
    """The notebook after Run All; a cell that raises fails every test here."""
    notebook = nbformat.read(QUICKSTART, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(person)}}
    )
    began = time.monotonic()
    client.execute(env=env)
    print("Run All took", round(time.monotonic() - began, 1), "s")
    return notebook


def text_of(notebook: NotebookNode, part_of_source: str) -> str:
    """What the cell that holds this source put out, as text."""
    (cell,) = [cell for cell in notebook.cells if part_of_source in cell.source]
    return "".join(
        output.get("text", "") or output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


def test_it_is_kept_without_outputs() -> None:
    """Whoever opens it sees what their own kernel did."""
    notebook = nbformat.read(QUICKSTART, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells)


def test_loading_prints_nothing(executed: NotebookNode) -> None:
    assert text_of(executed, "%load_ext gator_nb") == ""


def test_the_models_are_good(executed: NotebookNode) -> None:
    """Real classifiers on real data: each better than 0.9."""
    accuracy = re.search(r"accuracy (0\.\d+)", text_of(executed, "forest.get()"))
    assert accuracy
    assert float(accuracy[1]) > 0.9
    scores = re.findall(r"0\.\d+", text_of(executed, "scores = {type(model)"))
    assert len(scores) == 3
    assert all(float(score) > 0.9 for score in scores)


def test_the_one_that_was_stopped_is_canceled(executed: NotebookNode) -> None:
    assert "canceled" in text_of(executed, "long.cancel()")


def test_the_one_that_fails_shows_its_error(executed: NotebookNode) -> None:
    """With its own line, as it stands in the cell."""
    shown = text_of(executed, "wrong.traceback")
    assert "InvalidParameterError" in shown
    assert "no such kernel" in shown


def test_the_second_grid_answers_the_same_tasks(executed: NotebookNode) -> None:
    assert text_of(executed, "again = gator.options(reuse=True)") == "True"


def test_nothing_of_a_task_is_printed_into_a_cell(executed: NotebookNode) -> None:
    """No cell has an output stream on stderr."""
    streams = [o.name for cell in executed.cells for o in cell.get("outputs", []) if "name" in o]
    assert set(streams) <= {"stdout"}


def test_the_store_holds_what_the_notebook_showed(executed: NotebookNode, person: Path) -> None:
    """Another process reads the same, after the kernel has ended."""
    path = person / "data" / "gator_nb" / "store.sqlite"
    assert path.exists()
    with Gator(f"sqlite:///{path}", "quickstart") as gator:
        counts = gator.counts()
        assert (counts[CANCELED], counts[FAILED]) == (1, 1)
        assert counts[SUCCESS] == 13
        assert set(counts) == {CANCELED, FAILED, SUCCESS}
        assert gator.verify() == []


def test_a_new_kernel_finds_the_results(
    executed: NotebookNode, env: dict[str, str], person: Path
) -> None:
    """Restart, run the first cell and the last ones."""
    kernel = Kernel(env, person)
    try:
        assert kernel.run("%load_ext gator_nb") == ""
        assert "success 13" in kernel.run("%gator")
        best = kernel.run("print(max(t.result for t in gator.tasks(status='success')))")
        assert float(best) > 0.98
    finally:
        kernel.close()
