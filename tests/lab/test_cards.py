"""A card in a real page: by keyboard, for a screen reader, and saved without a kernel."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .person import SECONDS, Notebook
from .server import Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Open = Callable[..., Notebook]

CHATTY = """
import time
from gator_nb import progress

def chatty(lines):
    for line in range(lines):
        print("line", line)
        progress(line + 1, lines)
        time.sleep(0.02)
"""


def test_all_of_it_can_be_done_by_keyboard(open_notebook: Open):
    """The log unfolds, stays unfolded and follows; the button cancels. What is drawn is said."""
    notebook = open_notebook(
        "keys.ipynb", "%load_ext gator_nb", CHATTY, 'gator.options(name="talk").task(chatty, 9000)'
    )
    notebook.run_all()
    card, page = notebook.output(3), notebook.page
    expect(card).to_contain_text("line 3", timeout=30 * SECONDS)
    expect(card.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"\d+"))
    log = card.locator(".gator-log")
    before = log.bounding_box()
    fold = card.locator("summary", has_text="log")
    fold.focus()
    page.keyboard.press("Enter")
    expect(card.locator("details[open]")).to_have_count(1)
    expect(log).to_contain_text("line 60", timeout=30 * SECONDS)
    after = log.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] > before["height"]
    assert log.evaluate("log => log.scrollTop") == 0, "it shows its end"
    expect(card.locator("details[open]")).to_have_count(1)
    button = card.get_by_role("button", name="Cancel")
    button.focus()
    page.keyboard.press("Space")
    expect(card.get_by_role("button", name="Retry")).to_be_visible(timeout=30 * SECONDS)


def test_a_saved_notebook_is_read_without_its_kernel(
    open_notebook: Open, new_page: Callable[[], Page], lab: Lab
):
    """Saved while a task runs, and opened when its kernel is gone: how each task ended, or when it
    was last seen. No word of a widget that is missing."""
    notebook = open_notebook(
        "saved.ipynb", "%load_ext gator_nb\n" + CHATTY,
        'gator.options(name="fine").task(pow, 2, 10)',
        "gator.task(divmod, 1, 0)", 'gator.options(name="long").task(chatty, 9000)',
    )  # fmt: skip
    notebook.run_all()
    expect(notebook.output(2)).to_contain_text("1024", timeout=30 * SECONDS)
    expect(notebook.output(3)).to_contain_text("ZeroDivisionError", timeout=30 * SECONDS)
    expect(notebook.output(4)).to_contain_text("running", timeout=30 * SECONDS)
    expect(notebook.output(4)).to_contain_text("left", timeout=30 * SECONDS)
    notebook.saved()
    notebook.shut_down()
    notebook.page.close()
    reopened = Notebook(new_page(), lab, "saved.ipynb")
    expect(reopened.output(2)).to_contain_text("success")
    expect(reopened.output(3)).to_contain_text("%gator retry")
    expect(reopened.output(4)).to_contain_text("as seen at")
    expect(reopened.cell(4).get_by_text("model not found")).to_be_hidden(timeout=30 * SECONDS)
    for number in (2, 3, 4):
        expect(reopened.output(number)).to_have_count(1)
    reopened.shut_down()
