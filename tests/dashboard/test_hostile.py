"""Names, tags, arguments, logs and errors as bad as they come: nothing runs, nothing breaks."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from gator_nb import Gator, progress

from .hostile import CORPUS, MARKUP, hostile_worker
from .processes import KEY
from .test_browser import open_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WIDE, PHONE = {"width": 1300, "height": 850}, {"width": 390, "height": 844}


def speak(text: str) -> None:
    """Says it wherever a task may say something."""
    print(text)
    progress(1, 2, text, **{text: 1.0})
    raise ValueError(text)


@pytest.fixture(scope="module")
def said(shared_store: str) -> dict[str, str]:
    """Failed tasks by what is odd about them."""
    with pytest.MonkeyPatch.context() as patch, Gator(shared_store, "hostile") as gator:
        patch.setenv(*next(iter(KEY.items())))
        found = {}
        for kind, text in CORPUS.items():
            task = gator.options(name=text, tags=[text], queue=text).task(speak, text)
            with pytest.raises(ValueError):
                gator.get(task.task_id)
            found[kind] = task.task_id
        return found


def check(page: Page) -> None:
    """All fits the window, and none of it has become markup."""
    sizes: Any = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert sizes[0] <= sizes[1]
    for place in (".panel", ".gator-notes", ".gator-charts", ".gator-drawer", ".gator-bar"):
        assert page.locator(f"{place} :is(img, script, style, textarea, b)").count() == 0


def heights(page: Page) -> list[float]:
    return [row.bounding_box()["height"] for row in page.locator("tbody tr:visible").all()]  # type: ignore[index]


def test_a_page_of_them(page: Page, shared_url: str, said: dict[str, str]):
    """Every row is as high as any other, on a phone too."""
    open_page(page, shared_url)
    expect(page.locator("tbody tr")).to_have_count(len(said))
    expect(page.locator("tbody tr", has_text="bold").first).to_contain_text(MARKUP)
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        assert max(heights(page)) - min(heights(page)) < 8
        check(page)


def test_each_in_the_drawer(page: Page, shared_url: str, said: dict[str, str]):
    """With its log, error, traceback, arguments and metrics."""
    open_page(page, shared_url)
    for kind in ("markup", "control", "marks", "megabyte"):
        task_id = said[kind]
        page.locator(f'tr[data-id="{task_id}"] a.name').click()
        expect(page.locator(".gator-drawer.open .id")).to_have_text(task_id[:8])
        expect(page.locator(".gator-drawer.open .trace")).to_contain_text("ValueError")
        check(page)
        page.keyboard.press("Escape")
        expect(page.locator(".gator-drawer.open")).to_have_count(0)


@pytest.mark.usefixtures("said")
def test_workers_of_such_names(page: Page, shared_url: str, shared_store: str):
    """The list of workers keeps its shape on a phone too, and one leads to what it runs."""
    with Gator(shared_store) as gator:
        for number, text in enumerate(CORPUS.values()):
            gator.backend.register(hostile_worker(number, text))
    open_page(page, f"{shared_url}?view=workers")
    rows = page.locator("tbody tr", has=page.locator(".w-worker"))
    expect(rows).to_have_count(len(CORPUS))
    expect(rows.first).to_contain_text(MARKUP)
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        assert max(heights(page)) - min(heights(page)) < 8
        check(page)
    rows.first.locator("button.name").click()
    expect(page.get_by_role("searchbox")).to_have_value(f'status:running worker:"{MARKUP}"')
    check(page)


def test_queues_of_such_names(page: Page, shared_url: str, shared_store: str):
    """They wait, they are told of in a banner, they are paused by a button, and go on."""
    with Gator(shared_store) as gator:
        for text in CORPUS.values():
            gator.options(queue=text).task(pow, 2, 10)
    open_page(page, shared_url)
    page.get_by_role("button", name="Queues").click()
    check(page)
    line = page.locator(".sheet .queue", has_text="<img")
    line.get_by_role("button", name="Pause").click()
    paused = page.locator(".note.paused")
    expect(paused).to_contain_text(MARKUP[:20])
    for size in (PHONE, WIDE):
        check(page)
        page.set_viewport_size(size)
    line.get_by_role("button", name="Resume").click()
    expect(paused).to_have_count(0)
