"""Notebook 7, which shows a notebook alone: the same cards, buttons and page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .person import SECONDS, Notebook7
from .server import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORK = "import time\ndef work():\n    print('at work')\n    while True: time.sleep(0.01)"


def test_cards_and_the_page_in_notebook_7(new_page: Callable[[], Page], lab: Lab):
    """A live card is canceled by its button, a failed one run again by its own, with the new code
    once that is there; the page in a cell lives while a cell blocks."""
    lab.write(
        "seven.ipynb", "%load_ext gator_nb", WORK, "task = gator.task(work)\ntask",
        "def broken(): return 1 / 0", "gator.task(broken)", "def broken(): return 'mended'",
        "blocking = gator.options(name='blocking').task(work)", "%gator dashboard",
        "blocking.wait()\nprint(blocking.status)",
    )  # fmt: skip
    notebook = Notebook7(new_page(), lab, "seven.ipynb")
    try:
        notebook.begin()
        for number in range(2, 6):
            notebook.run_cell(number)
        card = notebook.output(3)
        expect(card).to_contain_text("at work", timeout=30 * SECONDS)
        card.get_by_role("button", name="Cancel").click()
        expect(card).to_contain_text("canceled after", timeout=30 * SECONDS)

        failed = notebook.output(5)
        expect(failed.get_by_role("button", name="Retry")).to_be_visible(timeout=30 * SECONDS)
        notebook.run_cell(6)
        failed.get_by_role("button", name="Run the new code").click()
        expect(failed).to_contain_text("'mended'", timeout=30 * SECONDS)
        expect(failed).to_contain_text("retry of")

        for number in (7, 8, 9):
            notebook.run_cell(number)
        frame = notebook.output(8).frame_locator("iframe")
        row = frame.locator("tbody tr", has_text="blocking")
        row.get_by_role("button", name="Cancel").click(timeout=40 * SECONDS)
        expect(notebook.output(9)).to_have_text("canceled", timeout=30 * SECONDS)
    finally:
        notebook.page.close()
        notebook.shut_down()
