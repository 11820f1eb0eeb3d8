"""`%%gator` in front of a person: the cell is done at once, and its variable comes later."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .person import SECONDS, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_cell_runs_in_the_background(open_notebook: Callable[..., Notebook]):
    """Its card is live; the variable is there in the first cell that runs after its end."""
    notebook = open_notebook(
        "background.ipynb", "%load_ext gator_nb",
        "%%gator --name fit --out model\nimport time\nfrom gator_nb import track\n"
        "for epoch in track(range(40)): time.sleep(0.05)\nmodel = {'accuracy': 0.93}",
        "print('model' in globals())", "print(model)",
        "%%gator --name broken\nrates = [0.1, 0]\n[1 / rate for rate in rates]",
        "gator",
    )  # fmt: skip
    for number in (1, 2, 3):
        notebook.run_cell(number)
    expect(notebook.output(2)).to_contain_text("running", timeout=20 * SECONDS)
    expect(notebook.output(3)).to_have_text("False")
    expect(notebook.output(2)).to_contain_text("success", timeout=20 * SECONDS)
    notebook.run_cell(4)
    expect(notebook.output(4)).to_contain_text("{'accuracy': 0.93}", timeout=20 * SECONDS)
    expect(notebook.output(4)).to_contain_text("model arrived from %%gator")
    notebook.run_cell(5)
    expect(notebook.output(5)).to_contain_text("line 3, in", timeout=20 * SECONDS)
    expect(notebook.output(5).get_by_role("button", name="Retry")).to_be_visible()
    notebook.run_cell(6)
    expect(notebook.output(6)).to_contain_text("failed 1", timeout=20 * SECONDS)
