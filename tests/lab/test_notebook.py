"""The notebook in front of a person: run, watched, stopped, restarted."""

import re
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from playwright.sync_api import Locator, Page, expect

from ..dashboard.processes import answering
from ..waiting import until
from .person import SECONDS, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Notebook]

TRAIN = """
import time
from gator_nb import progress

def train(epochs):
    print("reading the data")
    for epoch in range(epochs):
        progress(epoch + 1, epochs, loss=1 / (epoch + 1))
        time.sleep(0.05)
    return {"accuracy": 0.93}
"""


def outputs(notebook: NotebookNode, part_of_source: str) -> list[dict[str, Any]]:
    """What a cell put out, by MIME type, save the place that a live card has left."""
    (cell,) = [
        cell
        for cell in notebook.cells
        if part_of_source in cell.source and cell.cell_type == "code"
    ]
    found = [output.get("data", {"text/plain": output.get("text")}) for output in cell.outputs]
    return [data for data in found if any(data.values())]


def share(card: Locator) -> int:
    """How far a card says that its task is, in percent; 0 before it says so."""
    told = re.search(r"\((\d+)%\)", card.inner_text())
    return int(told[1]) if told else 0


def test_the_quickstart_runs_to_its_end(open_notebook: Open):
    """Run All: no cell raises, and what is saved are static cards that tell how each task ended."""
    notebook = open_notebook("01_quickstart.ipynb")
    notebook.run_all()
    last = len(nbformat.read(notebook.path, as_version=4).cells)
    notebook.page.keyboard.press("Control+End")
    expect(notebook.output(last)).to_contain_text("success", timeout=60 * SECONDS)
    notebook.wait_until_idle()

    saved = notebook.saved()
    assert not [o for cell in saved.cells for o in cell.get("outputs", []) if "ename" in o]
    (forest,) = outputs(saved, "forest = gator.task(")
    (group,) = outputs(saved, ".map(fit, models)")
    long, buttons = outputs(saved, "long = gator.task(")
    assert forest.keys() == group.keys() == long.keys() == {"text/plain", "text/html"}
    assert (buttons["text/plain"], buttons["text/html"]) == ("", "")
    assert "success" in forest["text/html"]
    assert "3 of 3 ended" in group["text/html"]
    assert "canceled" in long["text/html"]


def test_a_card_lives_while_another_cell_runs(open_notebook: Open):
    """Its bar moves during a busy cell, its log shows, and at the end it says what came out."""
    notebook = open_notebook(
        "live.ipynb", "%load_ext gator_nb", TRAIN, "task = gator.task(train, 90)\ntask",
        "while not task.done():\n    time.sleep(0.01)",
    )  # fmt: skip
    notebook.run_all()
    card = notebook.output(3)
    expect(card).to_contain_text("reading the data", timeout=20 * SECONDS)
    expect(notebook.cell(4)).to_contain_text("[*]")
    seen = share(card)
    until(lambda: share(card) > seen)
    expect(card).to_contain_text("{'accuracy': 0.93}", timeout=20 * SECONDS)
    expect(card).to_contain_text("success")
    expect(card.get_by_role("button")).to_have_count(0)


def test_the_button_of_a_card_cancels(open_notebook: Open):
    """A thread cannot be stopped in C code: the card says canceling until it has stopped, and
    canceled only then, as the task's handle does."""
    notebook = open_notebook(
        "cancel.ipynb", "%load_ext gator_nb",
        "import os\nend, begin = os.pipe()\ntask = gator.task(os.read, end, 1)\ntask",
        "print(task.status)", "os.write(begin, b'.')", "print(task.status)",
    )  # fmt: skip
    notebook.run_cell(1)
    notebook.run_cell(2)
    card = notebook.output(2)
    expect(card).to_contain_text("running", timeout=20 * SECONDS)
    card.get_by_role("button", name="Cancel").click()
    expect(card.get_by_role("button", name="Canceling")).to_be_disabled()
    notebook.run_cell(3)
    expect(notebook.output(3)).to_have_text("running", timeout=20 * SECONDS)
    notebook.run_cell(4)
    expect(card).to_contain_text("canceled after", timeout=20 * SECONDS)
    expect(card.get_by_role("button")).to_have_text("Retry")
    notebook.run_cell(5)
    expect(notebook.output(5)).to_have_text("canceled", timeout=20 * SECONDS)


def test_a_page_that_is_loaded_again_still_tells_the_truth(open_notebook: Open):
    """The browser is closed and opened while a task runs: its card lives on, and ends rightly."""
    notebook = open_notebook(
        "again.ipynb", "%load_ext gator_nb",
        "import time\nfrom pathlib import Path\n"
        "def wait(file):\n    while not file.exists(): time.sleep(0.05)\n    return 'gone on'",
        "gator.task(wait, Path('go on').absolute())",
    )  # fmt: skip
    notebook.run_all()
    expect(notebook.output(3)).to_contain_text("running", timeout=20 * SECONDS)
    notebook.wait_until_idle()
    notebook.saved()
    notebook.page.reload()
    expect(notebook.output(3)).to_contain_text("running", timeout=60 * SECONDS)
    notebook.path.with_name("go on").touch()
    expect(notebook.output(3)).to_contain_text("'gone on'", timeout=20 * SECONDS)


def test_the_page_beside_it_cancels_what_runs_in_the_kernel(
    open_notebook: Open, new_page: Callable[[], Page], dashboard_url: str
):
    """The dashboard is another process on the same store: it shows the notebook's task, and its
    Cancel stops the code in the kernel."""
    notebook = open_notebook(
        "beside.ipynb", "%load_ext gator_nb", TRAIN,
        'task = gator.options(name="from the kernel").task(train, 9000)\ntask',
        "print(task.status)",
    )  # fmt: skip
    for number in (1, 2, 3):
        notebook.run_cell(number)
    with answering(dashboard_url) as url:
        dashboard = new_page()
        dashboard.goto(url)
        row = dashboard.locator("tbody tr", has_text="from the kernel")
        expect(row).to_contain_text("Running", timeout=30 * SECONDS)
        row.get_by_role("button", name="Cancel").click()
        dashboard.mouse.move(0, 0)
        expect(row).to_contain_text("Canceled", timeout=20 * SECONDS)
        dashboard.close()
    expect(notebook.output(3)).to_contain_text("canceled after", timeout=20 * SECONDS)
    notebook.run_cell(4)
    expect(notebook.output(4)).to_have_text("canceled")


def test_after_a_restart_the_tasks_are_there(open_notebook: Open):
    """The kernel is restarted through the menu: the same notebook finds its tasks and results."""
    notebook = open_notebook(
        "restart.ipynb", "%load_ext gator_nb",
        "if not gator.tasks():\n"
        '    gator.options(name="first").task(pow, 2, 10).wait()\n'
        '    gator.options(name="second", delay_by="1h").task(pow, 2, 11)',
        'print(len(gator.tasks()), gator["first"].result, gator["second"].status)',
        'gator["first"]',
    )  # fmt: skip
    notebook.run_all()
    expect(notebook.output(3)).to_have_text("2 1024 delayed", timeout=20 * SECONDS)
    notebook.restart_and_run_all()
    expect(notebook.output(1)).to_contain_text("1 task from before is held", timeout=20 * SECONDS)
    expect(notebook.output(3)).to_have_text("2 1024 blocked", timeout=20 * SECONDS)
    expect(notebook.output(4)).to_contain_text("success")
