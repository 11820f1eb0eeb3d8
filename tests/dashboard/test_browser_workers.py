"""What stops, what ends and what goes away, and how the page tells it, in a real Chromium."""

import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from gator_nb import Gator, Status, Worker

from ..waiting import until
from .test_browser import open_page, row

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_two_people_cancel_one_task(
    page: Page, browser: Browser, shared_url: str, shared_store: str, tmp_path: Path
):
    """Both see that it stops and that it has stopped; neither is told of an error."""
    over = tmp_path / "over"

    def stubborn() -> None:
        try:
            while True:
                time.sleep(0.02)
        finally:
            while not over.exists():
                time.sleep(0.02)

    other = browser.new_page()
    with Gator(shared_store, "two") as gator, Worker(gator, threads=1):
        task = gator.options(name="wanted by two").task(stubborn)
        for one in (page, other):
            open_page(one, shared_url)
            expect(row(one, "wanted by two")).to_contain_text("Running")
        for one in (page, other):
            row(one, "wanted by two").locator("button.act").dispatch_event("click")
        for one in (page, other):
            expect(row(one, "wanted by two").locator(".word")).to_have_text("Canceling")
        over.touch()
        for one in (page, other):
            status = row(one, "wanted by two").locator(".word")
            expect(status).to_have_text("Canceled")
            expect(one.locator(".note.notice")).to_have_count(0)
        assert gator[task.task_id].status is Status.CANCELED
    other.close()


def test_a_process_is_stopped_by_force(page: Page, shared_url: str, shared_store: str):
    """Code that will not hear is ended with its process, at once."""

    def deaf() -> None:
        while True:
            with suppress(BaseException):
                time.sleep(60)

    with Gator(shared_store, "deaf") as gator, Worker(gator, processes=1):
        task = gator.options(name="deaf").task(deaf)
        until(lambda: gator[task.task_id].status is Status.RUNNING, 30)
        open_page(page, f"{shared_url}?task={task.task_id}")
        drawer = page.locator(".gator-drawer.open")
        drawer.get_by_role("button", name="Cancel").click()
        force = drawer.get_by_role("button", name="Force stop")
        expect(force).to_be_visible()
        asked = time.monotonic()
        force.click()
        expect(drawer.locator("header .word")).to_have_text("Canceled")
        assert time.monotonic() - asked < 4.5, "without force it would have had five seconds"


def test_a_worker_says_what_it_has_and_that_it_ends(
    page: Page, shared_url: str, shared_store: str, tmp_path: Path
):
    """Draining while its last task runs; then it is gone, and that task still has its name."""
    over = tmp_path / "over"

    def patient() -> None:
        until(over.exists, 60)

    with Gator(shared_store, "ends") as gator:
        worker = Worker(gator, threads=1, name="lab-7", has={"gpu": 2, "memory": "64GB"}).start()
        task = gator.options(name="its last").task(patient)
        open_page(page, f"{shared_url}?view=workers")
        line = page.locator("tr", has=page.locator(".w-worker", has_text="lab-7"))
        expect(line).to_contain_text("Alive")
        expect(line.locator(".w-has")).to_have_text("2 gpu, 64 GB memory")
        page.set_viewport_size({"width": 390, "height": 800})
        shown = line.locator(".w-has .cut")
        assert shown.evaluate("one => one.scrollWidth <= one.clientWidth"), "cut on a phone"
        until(lambda: gator[task.task_id].status is Status.RUNNING)
        ending = threading.Thread(target=worker.stop)
        ending.start()
        expect(line).to_contain_text("Draining")
        over.touch()
        ending.join()
        expect(line).to_have_count(0)
    open_page(page, f"{shared_url}?q=worker:lab-7")
    expect(row(page, "its last").locator(".c-worker")).to_have_text("lab-7")


def test_a_store_that_goes_away_and_comes_back(page: Page, shared_url: str, shared_store: str):
    """The page says so and greys, does nothing meanwhile, and goes on by itself."""
    with Gator(shared_store, "away") as gator:
        task = gator.options(name="meanwhile", delay_by=900).task(pow, 2, 10)
    store = Path(shared_store.removeprefix("sqlite:///"))
    away = store.with_name("away.sqlite")
    open_page(page, shared_url)
    expect(row(page, "meanwhile")).to_be_visible()
    store.rename(away)
    try:
        expect(page.locator(".note.lost")).to_contain_text("cannot be reached")
        expect(page.locator("html.gator-away")).to_have_count(1)
        row(page, "meanwhile").locator("button.act").dispatch_event("click")
        expect(page.locator(".note.notice")).to_contain_text("nothing is known to be canceled")
    finally:
        away.rename(store)
    expect(page.locator(".fresh.live")).to_be_visible()
    expect(page.locator("html.gator-away")).to_have_count(0)
    with Gator(shared_store, "away") as gator:
        assert gator[task.task_id].status is Status.DELAYED
        gator.options(name="after it", delay_by=900).task(pow, 2, 10)
        expect(row(page, "after it")).to_be_visible()


def test_a_span_of_the_timeline_opens_its_task(page: Page, shared_url: str, shared_store: str):
    """A lane is a worker; what it was busy with is under the pointer, and a click opens it."""
    with Gator(shared_store, "lanes") as gator, Worker(gator, threads=1, name="lane-1"):
        task = gator.options(name="in its lane").task(time.sleep, 0.3).wait(20)
    open_page(page, shared_url)
    span = page.locator(f'.span[data-id="{task.task_id}"]')
    expect(page.locator(".lane", has=span).locator(".lane-name")).to_have_text("lane-1")
    span.hover()
    expect(page.locator(".tip")).to_contain_text("in its lane")
    span.click()
    expect(page.locator(".gator-drawer.open h2")).to_have_text("in its lane")
