"""The dashboard in a cell: it comes from a thread of the kernel, through the Jupyter server."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .person import SECONDS, Notebook

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_it_cancels_while_a_cell_blocks(open_notebook: Callable[..., Notebook]):
    """The server lies under a prefix, as behind a JupyterHub, and passes the kernel's port on to
    who is logged in. Live cards link to it. When the kernel ends the page says so."""
    notebook = open_notebook(
        "inside.ipynb", "%load_ext gator_nb",
        "import time\ndef work():\n    while True:\n        time.sleep(0.01)",
        'task = gator.options(name="endless").task(work)\ntask', "%gator dashboard",
        "task.wait()\nprint(task.status)",
    )  # fmt: skip
    notebook.run_all()
    frame = notebook.output(4).frame_locator("iframe")
    row = frame.locator("tbody tr", has_text="endless")
    expect(row).to_contain_text("Running", timeout=30 * SECONDS)
    expect(notebook.cell(5)).to_contain_text("[*]")
    on_the_card = notebook.output(3).get_by_role("link", name="dashboard")
    expect(on_the_card).to_have_attribute("href", re.compile(r"^/user/me/proxy/.*\?task="))
    row.get_by_role("button", name="Cancel").click()
    expect(notebook.output(5)).to_have_text("canceled", timeout=20 * SECONDS)
    link = notebook.output(4).get_by_role("link", name="Open it in a tab of its own")
    address = link.get_attribute("href")
    assert address is not None
    assert address.startswith("/user/me/proxy/")
    notebook.shut_down()
    expect(frame.locator(".fresh.live")).to_have_count(0, timeout=20 * SECONDS)
