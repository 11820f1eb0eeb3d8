"""The page without a line of code: a tile in the launcher, and addresses that open it by link."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .person import SECONDS
from .server import TOKEN, Lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_tile_opens_the_page(lab: Lab, new_page: Callable[[], Page]) -> None:
    """As a tab of JupyterLab, on the store that its notebooks use; its bar fits in there."""
    page = new_page()
    page.goto(f"{lab.url}/lab/workspaces/tile?token={TOKEN}")
    page.locator(".jp-LauncherCard", has_text="Gator queue").click(timeout=60 * SECONDS)
    queue = page.frame_locator("iframe")
    expect(queue.locator(".fresh.live")).to_be_visible(timeout=60 * SECONDS)
    expect(queue.get_by_role("banner")).to_contain_text("store.sqlite")
    expect(queue.get_by_role("button", name="Share")).to_be_in_viewport()


def test_a_link_opens_the_demo(lab: Lab, new_page: Callable[[], Page]) -> None:
    """As links to Binder do: tasks run, and are canceled by a click."""
    page = new_page()
    page.goto(f"{lab.url}/gator-demo/?token={TOKEN}")
    row = page.locator("tbody tr", has_text="wide net")
    row.get_by_role("button", name="Cancel").click(timeout=60 * SECONDS)
    expect(row).to_contain_text("Canceled", timeout=20 * SECONDS)
