"""The page in a real Chromium, beside workers and pushers in other processes."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from gator_nb import Gator, Status

from ..waiting import until
from .processes import free_port, push_elsewhere, served_by_cli, served_by_panel, worker

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 1000
SEVERAL_NEW = re.compile(r"↑ ([3-9]|\d\d\+?) new")


def open_page(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator(".fresh.live")).to_be_visible(timeout=30 * SECONDS)


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody tr", has_text=name)


@contextmanager
def arriving(gator: Gator) -> Iterator[None]:
    """New tasks come in on top, ten a second, for as long as it is open."""
    over = threading.Event()

    def push() -> None:
        while not over.wait(0.1):
            gator.options(name="newcomer", delay_by=900).task(pow, 2, 10)

    thread = threading.Thread(target=push)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_panel_serve_shows_an_empty_store_and_then_its_tasks(page: Page, dsn: str):
    """The file can be served by Panel itself; a store without tasks says how to begin; a task
    that another process pushes appears within a second."""
    with served_by_panel(dsn) as url:
        open_page(page, url)
        expect(page.get_by_text("No tasks yet")).to_be_visible()
        expect(page.locator(".note.empty pre")).to_contain_text(f'Gator("{dsn}")')
        push_elsewhere(dsn, "lab", ["first"])
        pushed = time.monotonic()
        expect(row(page, "first")).to_be_visible()
        assert time.monotonic() - pushed < 2.0
        expect(page.get_by_text("1 task waits in lab, and no worker is there")).to_be_visible()


def test_a_click_cancels_the_task_that_was_meant(page: Page, shared_url: str, shared_store: str):
    """While new rows keep arriving on top, the row under the pointer stays, and it alone is
    canceled."""
    with Gator(shared_store, "clicks") as gator:
        meant = gator.options(name="the one meant", delay_by=900).task(pow, 2, 10)
        other = gator.options(name="the one above", delay_by=900).task(pow, 2, 10)
        open_page(page, shared_url)
        button = row(page, "the one meant").get_by_role("button", name="Cancel")
        expect(button).to_be_visible()
        with arriving(gator):
            button.hover()
            expect(page.locator("button.fresh")).to_have_text(SEVERAL_NEW, timeout=10 * SECONDS)
            page.mouse.down()
            page.mouse.up()
            until(lambda: gator[meant.task_id].status is Status.CANCELED)
        expect(row(page, "the one meant")).to_contain_text("Canceled")
        page.mouse.move(0, 0)
        expect(page.locator("button.fresh")).to_be_hidden()
        assert gator.counts()[Status.CANCELED] == 1
        assert gator[other.task_id].status is Status.DELAYED


def test_a_press_that_ends_on_another_row_does_nothing(
    page: Page, shared_url: str, shared_store: str
):
    """Only a press and a release on one button is a click on it."""
    with Gator(shared_store, "slips") as gator:
        slips = [gator.options(name=name, delay_by=900).task(pow, 2, 1) for name in ("up", "down")]
        open_page(page, shared_url)
        row(page, "up").get_by_role("button", name="Cancel").hover()
        page.mouse.down()
        row(page, "down").get_by_role("button", name="Cancel").hover()
        page.mouse.up()
        row(page, "up").get_by_role("button", name="Cancel").press("Enter")
        until(lambda: gator[slips[0].task_id].status is Status.CANCELED)
        assert gator[slips[1].task_id].status is Status.DELAYED


def test_user_text_stays_text(page: Page, shared_url: str, shared_store: str):
    """Names and queues that are markup are shown as they were typed, and run nothing."""
    hostile = "<img src=x onerror=alert(1)><b>bold</b>"
    queue = "<script>alert(2)</script>"
    push_elsewhere(shared_store, queue, [hostile, "back\u202ewards"])
    open_page(page, shared_url)
    expect(row(page, "bold")).to_contain_text(hostile)
    expect(row(page, "bold")).to_contain_text(queue)
    expect(row(page, "back wards")).to_be_visible()
    assert page.locator("tbody img, tbody b, tbody script").count() == 0


def test_a_running_task_is_canceled_truthfully(
    page: Page, shared_url: str, shared_store: str, tmp_path: Path
):
    """Running, then Canceling until its code has stopped, and only then Canceled."""
    over = tmp_path / "over"

    def stubborn() -> None:
        import time

        from gator_nb import progress

        try:
            for done in range(10_000):
                progress(done, 10_000, "at work")
                time.sleep(0.1)
        finally:
            while not over.exists():  # it cleans up for as long as the test wants
                time.sleep(0.05)

    with Gator(shared_store, "stops") as gator, worker(shared_store):
        task = gator.options(name="stubborn").task(stubborn)
        open_page(page, shared_url)
        expect(row(page, "stubborn")).to_contain_text("Running", timeout=20 * SECONDS)
        expect(row(page, "stubborn")).to_contain_text("at work")
        row(page, "stubborn").get_by_role("button", name="Cancel").click()
        status = row(page, "stubborn").locator(".word")
        expect(status).to_have_text("Canceling")
        page.mouse.move(0, 0)
        over.touch()
        expect(status).to_have_text("Canceled", timeout=20 * SECONDS)
        assert gator[task.task_id].status is Status.CANCELED


def test_tiles_filter(page: Page, shared_url: str, shared_store: str):
    """A tile shows its tasks alone, and the page says how to see all again."""
    with Gator(shared_store, "tiles") as gator:
        failing = gator.options(name="the failed one").task(int, "x")
        gator.options(name="the waiting one", delay_by=900).task(pow, 2, 10)
        with pytest.raises(ValueError, match="invalid literal"):
            gator.get(failing.task_id)
    open_page(page, shared_url)
    page.locator(".tile.failed").click()
    expect(row(page, "the waiting one")).to_be_hidden()
    expect(row(page, "the failed one")).to_contain_text("ValueError: invalid literal")
    page.get_by_role("button", name="Show all").click()
    expect(row(page, "the waiting one")).to_be_visible()


@pytest.mark.slow
def test_a_dead_dashboard_looks_dead_and_comes_back(page: Page, dsn: str):
    """The page ages by itself, greys when its server is gone, and lives when it is there again."""
    port = free_port()
    with served_by_cli(dsn, port) as url:
        open_page(page, url)
    expect(page.locator(".fresh.away")).to_contain_text("no word", timeout=20 * SECONDS)
    expect(page.locator("html.gator-away")).to_have_count(1)
    with served_by_cli(dsn, port):
        expect(page.locator(".fresh.live")).to_be_visible(timeout=30 * SECONDS)
        expect(page.locator("html.gator-away")).to_have_count(0)
