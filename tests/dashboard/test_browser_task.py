"""The drawer, the filter and what is done to many, in a real Chromium beside real workers."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from gator_nb import Gator, Status, progress
from gator_nb.dashboard.thread import ServedDashboard

from ..waiting import until
from .processes import push_elsewhere, worker

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECONDS = 1000
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNgAAAAAgAB5Sfe/AAAAABJRU5ErkJggg=="
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def open_page(page: Page, url: str) -> None:
    page.goto(url)
    expect(page.locator(".fresh.live")).to_be_visible(timeout=30 * SECONDS)


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody tr", has_text=name)


def drawer(page: Page) -> Locator:
    return page.locator(".gator-drawer.open")


def test_a_click_opens_a_task_and_the_address_says_so(
    page: Page, shared_url: str, shared_store: str
):
    """Back closes it again; the address can be sent to somebody else."""
    with Gator(shared_store, "drawer") as gator:
        task = gator.options(name="opened by a click", delay_by=900).task(pow, 2, exp=10)
    open_page(page, shared_url)
    row(page, "opened by a click").locator(".c-queue").click()
    expect(drawer(page)).to_contain_text("opened by a click")
    expect(page).to_have_url(re.compile(f"task={task.task_id}"))
    expect(drawer(page).locator("dl", has_text="exp")).to_contain_text("10")
    page.go_back()
    expect(drawer(page)).to_have_count(0)
    open_page(page, f"{shared_url}?task={task.task_id}")
    expect(drawer(page)).to_contain_text("opened by a click")
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)


def test_a_running_task_is_followed(page: Page, shared_url: str, shared_store: str):
    """Log, progress and curves grow while it runs; then what it displayed and its result are
    there."""

    def fit() -> dict[str, float]:
        import base64
        import time

        from IPython.display import Image, display

        for done in range(30):
            print("epoch", done)
            progress(done + 1, 30, f"epoch {done}", loss=1 / (done + 1))
            time.sleep(0.1)
        display({"best": done}, Image(base64.b64decode(PNG)))
        return {"loss": 0.03}

    with Gator(shared_store, "follow") as gator:
        task = gator.options(name="followed").task(fit)
        open_page(page, f"{shared_url}?task={task.task_id}")
        expect(drawer(page)).to_contain_text("Waiting")
        with worker(shared_store):
            expect(drawer(page).locator(".log pre")).to_contain_text(
                re.compile("epoch 1\\b"), timeout=30 * SECONDS
            )
            expect(drawer(page).locator(".s-result")).to_contain_text(
                "{'loss': 0.03}", timeout=30 * SECONDS
            )
    expect(drawer(page).locator(".curve")).to_contain_text("loss")
    expect(drawer(page).locator(".log pre")).to_contain_text("epoch 29")
    outputs = drawer(page).locator(".s-outputs")
    expect(outputs).to_contain_text("{'best': 29}")
    assert outputs.locator("img").evaluate("(node) => node.naturalWidth") == 1


def test_what_a_task_says_stays_text(page: Page, shared_url: str, shared_store: str):
    """Name, log, error, argument, metric: nothing runs, wherever it is shown."""

    def hostile(text: str) -> None:
        print(text, "\x1b[31mred\x1b[0m \u202ebackwards")
        progress(1, 2, text, **{text: 1.0})
        raise ValueError(text)

    with Gator(shared_store, HOSTILE) as gator:
        task = gator.options(name=HOSTILE, tags=[HOSTILE]).task(hostile, HOSTILE)
        with pytest.raises(ValueError, match="img"):
            gator.get(task.task_id)
    open_page(page, f"{shared_url}?task={task.task_id}")
    for part in ("h2", ".s-error .line-of", ".trace", ".log pre", ".s-arguments", ".s-facts"):
        expect(drawer(page).locator(part)).to_contain_text(HOSTILE)
    expect(drawer(page).locator(".curve .label")).to_contain_text("<img src=x")
    expect(drawer(page).locator(".log pre")).to_contain_text("red \ufffdbackwards")
    assert drawer(page).locator("img, script").count() == 0
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    page.locator(".gator-charts .span").first.hover()
    expect(page.locator(".tip")).to_be_visible()
    assert page.locator(".tip img").count() == 0


def test_the_filter_is_in_the_address(page: Page, shared_url: str, shared_store: str):
    """Typed it filters, in the address it filters a page that is opened with it."""
    with Gator(shared_store, "filtered") as gator:
        for name in ("apple pie", "apple tart", "pear tart"):
            gator.options(name=name, delay_by=900).task(pow, 2, 10)
    open_page(page, shared_url)
    expect(row(page, "pear tart")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("apple queue:filtered")
    expect(row(page, "pear tart")).to_be_hidden()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"q=apple\+queue%3Afiltered"))
    open_page(page, page.url)
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("h2", has_text="Tasks that match")).to_be_visible()


def test_the_filter_offers_what_is_there(page: Page, shared_url: str, shared_store: str):
    """Keys first, then the values of one; by arrows or by a click, quoted where that is needed."""
    with Gator(shared_store, "offered") as gator:
        for name in ("load table", "load rows", "fit"):
            gator.options(name=name, tags=["nightly"], delay_by=900).task(pow, 2, 10)
    open_page(page, f"{shared_url}?q=queue:offered")
    expect(page.locator("tbody tr")).to_have_count(3)
    field, offers = page.get_by_role("searchbox"), page.get_by_role("option")
    field.focus()
    page.keyboard.press("End")
    page.keyboard.type(" na")
    expect(offers).to_have_text(["name:"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("load")
    expect(offers).to_have_text(["load rows", "load table"])
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("option", selected=True)).to_have_text("load table")
    page.keyboard.press("Enter")
    expect(field).to_have_value('queue:offered name:"load table" ')
    expect(page.locator("tbody tr")).to_have_count(1)
    field.fill("tag:")
    page.get_by_role("option", name="nightly").click()
    expect(field).to_have_value("tag:nightly ")
    expect(page.locator("tbody tr")).to_have_count(3)
    field.fill("queue:offere")
    page.keyboard.type("d")  # now it is a value, and needs no Enter
    expect(page).to_have_url(re.compile(r"q=queue%3Aoffered$"))
    field.fill("status:fi")
    expect(offers).to_have_text(["finished"])
    page.keyboard.press("Enter")  # nothing is chosen: what was typed counts
    expect(page.get_by_text("no status is called")).to_be_visible()


def test_all_that_match_are_canceled_after_a_yes(page: Page, shared_url: str, shared_store: str):
    """The number is named first."""
    with Gator(shared_store, "many") as gator:
        gator.options(name="many", delay_by=900).map(abs, range(60))
        open_page(page, f"{shared_url}?q=queue:many")
        page.get_by_role("button", name="Cancel all that match").click()
        sure = page.get_by_role("button", name="Cancel 60 tasks")
        expect(sure).to_be_visible()
        assert gator.counts() == {Status.DELAYED: 60}
        sure.click()
        expect(page.locator(".bulk")).to_contain_text("60 tasks canceled.", timeout=20 * SECONDS)
        assert gator.counts() == {Status.CANCELED: 60}


def test_picked_ones_are_run_again(page: Page, shared_url: str, shared_store: str):
    """Those with a mark, on whatever page they are."""
    with Gator(shared_store, "picked") as gator:
        for name in ("yes", "no"):
            gator.cancel(gator.options(name=f"picked {name}").task(pow, 2, 10).task_id)
        open_page(page, f"{shared_url}?q=queue:picked")
        row(page, "picked yes").get_by_role("checkbox").check()
        expect(page.locator(".bulk")).to_contain_text("1 selected")
        page.locator(".bulk").get_by_role("button", name="Retry").click()
        until(lambda: gator.counts() == {Status.CANCELED: 2, Status.WAITING: 1})
        assert gator.tasks(status="waiting")[0].name == "picked yes"


def test_keys(page: Page, shared_url: str, shared_store: str):
    """j and k go through the rows, Enter opens; c cancels, x selects and r retries the one that is
    marked."""
    with Gator(shared_store, "keys") as gator:
        several = [gator.options(name=f"key {n}", delay_by=900).task(pow, 2, 10) for n in range(3)]
        open_page(page, f"{shared_url}?q=queue:keys")
        expect(page.locator("tbody tr")).to_have_count(3)
        expect(row(page, "key 2")).to_be_visible()  # the table is drawn after the bar
        for name in ("key 2", "key 1"):
            page.keyboard.press("j")
            expect(page.locator("tbody tr.at")).to_contain_text(name)
        page.keyboard.press("Enter")
        expect(drawer(page)).to_contain_text("key 1")
        page.keyboard.press("k")
        expect(drawer(page)).to_contain_text("key 2")
        page.keyboard.press("Escape")
        page.keyboard.press("c")
        until(lambda: gator[several[2].task_id].status is Status.CANCELED)
        assert gator.counts() == {Status.DELAYED: 2, Status.CANCELED: 1}
        page.keyboard.press("x")
        expect(page.locator(".bulk")).to_contain_text("1 selected")
        expect(row(page, "key 2").get_by_role("button")).to_have_text("Retry")
        page.keyboard.press("r")
        until(lambda: gator.counts() == {Status.DELAYED: 2, Status.CANCELED: 1, Status.WAITING: 1})


def test_keys_are_told_and_the_theme_is_kept(page: Page, shared_url: str):
    """`?` tells the keys; `t` changes light and dark, also after a reload, until the system's is
    asked for again."""
    open_page(page, shared_url)
    page.keyboard.press("?")
    expect(page.locator(".sheet .keys")).to_contain_text("run it again")
    themes = page.get_by_role("group", name="Theme")
    expect(themes.get_by_role("button", name="System")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("t")
    expect(themes.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    ground = page.locator(".gator-tiles .tile").first
    expect(ground).to_have_css("background-color", "rgb(25, 31, 39)")
    page.keyboard.press("Escape")
    expect(page.locator(".sheet .keys")).to_be_hidden()
    open_page(page, shared_url)
    at_once = ground.evaluate("(node) => getComputedStyle(node).backgroundColor")
    assert at_once == "rgb(25, 31, 39)", "it flashes up light"
    page.keyboard.press("?")
    themes.get_by_role("button", name="System").click()
    expect(ground).to_have_css("background-color", "rgb(255, 255, 255)")
    page.goto("about:blank")
    page.context.clear_cookies()
    page.emulate_media(color_scheme="dark")
    open_page(page, shared_url)
    at_once = ground.evaluate("(node) => getComputedStyle(node).backgroundColor")
    assert at_once == "rgb(25, 31, 39)", "a first visit in the dark flashes up light"


def test_a_worker_leads_to_what_it_runs(page: Page, shared_url: str, shared_store: str):
    """Its row says what it has; a click lists its running tasks."""

    def long() -> None:
        import time

        for _ in range(200):
            time.sleep(0.1)

    with Gator(shared_store, "busy") as gator, gator.start_worker(threads=2):
        task = gator.options(name="what it runs").task(long)
        open_page(page, f"{shared_url}?view=workers")
        named = page.locator(".w-worker button.name")
        expect(named).to_be_visible(timeout=20 * SECONDS)
        expect(page.locator("td.w-runs")).to_have_text("2 threads")
        named.click()
        expect(row(page, "what it runs")).to_be_visible(timeout=20 * SECONDS)
        expect(page).to_have_url(re.compile("status%3Arunning\\+worker%3A"))
        task.cancel()


def test_a_click_right_after_typing_is_taken(page: Page, shared_url: str, shared_store: str):
    """The line of keys under the filter closes as the pointer goes down; nothing moves by that."""
    push_elsewhere(shared_store, "typed", ["right after"])
    page.goto(shared_url)
    field = page.get_by_role("searchbox")
    field.fill("queue:typed")
    field.press("Enter")
    page.get_by_role("button", name="Cancel right after").click(timeout=30 * SECONDS)
    row = page.locator("tbody tr.canceled", has_text="right after")
    expect(row).to_be_visible(timeout=10 * SECONDS)


def test_a_read_only_page_offers_nothing(page: Page, dsn: str, gator: Gator):
    """It says so, and shows all the rest; no button, mark or key does anything."""
    task = gator.options(name="only looked at").task(pow, 2, 10)
    served = ServedDashboard(dsn, read_only=True)
    try:
        open_page(page, served.url)
        expect(page.locator(".badge")).to_have_text("read-only")
        expect(row(page, "only looked at")).to_be_visible()
        page.keyboard.press("j")
        page.keyboard.press("c")
        page.keyboard.press("Enter")
        expect(drawer(page)).to_contain_text("only looked at")
        offered = page.get_by_role("button", name=re.compile(r"\b(Cancel|Retry|Force|Pause)\b"))
        expect(offered).to_have_count(0)
        expect(page.get_by_role("checkbox")).to_have_count(0)
        expect(row(page, "only looked at")).to_have_class(re.compile("waiting"))
    finally:
        served.close()
    assert task.status is Status.WAITING


def test_a_phone_can_share(page: Page, shared_url: str):
    """The button stands beside the others, covers nothing, and its command fits the screen."""
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, shared_url)
    share = page.get_by_role("button", name="Share")
    share.click()
    told = page.get_by_text("gator-nb dashboard")
    expect(told).to_be_visible()
    for seen in (told.bounding_box(), share.bounding_box()):
        assert seen is not None
        assert seen["x"] >= 0
        assert seen["x"] + seen["width"] <= 390
    fresh, button = page.locator(".fresh.live").bounding_box(), share.bounding_box()
    assert fresh is not None
    assert button is not None
    assert button["y"] + button["height"] <= fresh["y"]
