"""Pictures of the dashboard to be looked at: each state, light and dark, wide and on a phone.

python -m tests.dashboard.pictures FOLDER [busy|stale|quiet|empty|login]
"""

import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from gator_nb import Gator, progress
from gator_nb.backends.base import Presence
from gator_nb.definition import new_id

from ..waiting import until
from .conftest import chromium
from .lab import Lab
from .processes import KEY, free_port, served_by_cli, worker

SIZES = {"wide": (1300, 850), "phone": (390, 844)}
THEMES = ("light", "dark")
TASKS = 4_000
Shot = Callable[[str, str, Callable[[Page], None]], None]


def train(lr: float, epochs: int = 90) -> dict[str, float]:
    """A network that learns for a while."""
    loss = 2.3
    for epoch in range(epochs):
        time.sleep(1)
        loss *= 1 - min(lr * 8, 0.2) * (0.5 + 0.5 * math.sin(7 * epoch * lr + epoch))
        progress(epoch + 1, epochs, f"epoch {epoch + 1}", loss=loss, accuracy=1 - loss / 2.5)
        print(f"epoch {epoch + 1:3}  loss {loss:.4f}")
    return {"accuracy": 1 - loss / 2.5}


def read_prices(day: str) -> float:
    """Fails as data does."""
    table = {"day": day, "price": [3.2, 4.1]}
    print(f"read {day}: 2 rows")
    return sum(table["price_eur"])


def _ready(page: Page) -> None:
    page.locator(".fresh.live").wait_for(timeout=30_000)
    page.wait_for_timeout(1_200)


def _busy(shoot: Shot, dsn: str) -> None:
    """A lab at work."""
    with Gator(dsn, "research") as gator, worker(dsn), served_by_cli(dsn) as url:
        first = {"priority": 10, "run_in": "thread"}
        failed = gator.options(name="read prices", queue="etl", **first).task(read_prices, "29")
        failed.wait(30)
        runs = gator.options(name="train net", tags=("sweep",), **first).map(train, [0.01, 0.03])
        until(lambda: any(one.metrics for one in runs), 30)
        time.sleep(6)
        task = next(one for one in runs if one.metrics)
        shoot("first", url, _ready)
        shoot("drawer", f"{url}?task={failed.task_id}", _ready)
        shoot("running", f"{url}?task={task.task_id}", _ready)
        shoot("failed", f"{url}?q=status%3Afailed", _ready)
        shoot("workers", url, _workers)
        shoot("share", url, _share)
        shoot("keys", url, _keys)
        shoot("offers", url, _offers)


def _workers(page: Page) -> None:
    _ready(page)
    page.locator(".tile").last.click()
    page.wait_for_timeout(800)


def _share(page: Page) -> None:
    _ready(page)
    page.get_by_role("button", name="Share").click()


def _offers(page: Page) -> None:
    _ready(page)
    page.keyboard.press("/")
    page.keyboard.type("status:failed name:")
    page.keyboard.press("ArrowDown")
    page.wait_for_timeout(800)


def _keys(page: Page) -> None:
    _ready(page)
    page.locator("button.help").click()


def _stale(shoot: Shot, dsn: str) -> None:
    """A worker that has not been heard of for a while."""
    with Gator(dsn) as gator:
        backend = gator.backend
        clock = backend.clock
        backend.clock = lambda: time.time() - 600
        seen = Presence(
            new_id(), "worker", name="gpu2", host="gpu2", pid=4711, lease=1e9, python="3.11",
            started=time.time() - 7_300, queues=("research",), slots=4,
            lanes=gator.client.lanes("process"),
        )  # fmt: skip
        backend.register(seen)
        backend.clock = clock
        with served_by_cli(dsn) as url:
            shoot("stale", url, _workers)
        backend.unregister(seen.id)


def _quiet(shoot: Shot, dsn: str) -> None:
    """Nobody there; then no store; then no dashboard."""
    file = Path(dsn.removeprefix("sqlite:///"))

    def lost(page: Page) -> None:
        _ready(page)
        file.rename(f"{file}.away")
        page.locator(".fresh.lost").wait_for(timeout=20_000)
        page.wait_for_timeout(700)
        Path(f"{file}.away").rename(file)

    with served_by_cli(dsn) as url:
        shoot("backlog", url, _ready)
        shoot("unreachable", url, lost)
    port = free_port()

    def away(page: Page) -> None:
        page.locator(".fresh.away").wait_for(timeout=30_000)

    def dead(page: Page) -> None:
        with served_by_cli(dsn, port) as url:
            page.goto(url)
            _ready(page)
        away(page)

    shoot("dead", "about:blank", dead)


def _empty(shoot: Shot, dsn: str) -> None:
    with served_by_cli(dsn) as url:
        shoot("empty", url, _ready)


def _login(shoot: Shot, dsn: str) -> None:
    os.environ["GATOR_NB_DASHBOARD_PASSWORD"] = "correct horse battery"
    try:
        port = free_port()
        with served_by_cli(dsn, port) as url:
            shoot("login", url, lambda page: page.get_by_role("button", name="Open").wait_for())
    finally:
        del os.environ["GATOR_NB_DASHBOARD_PASSWORD"]


SCENES: dict[str, Callable[[Shot, str], None]] = {
    "busy": _busy, "stale": _stale, "quiet": _quiet, "empty": _empty, "login": _login,
}  # fmt: skip


@contextmanager
def _pages(browser: Browser) -> Iterator[Callable[[str, str], Page]]:
    with ExitStack() as stack:

        def page(size: str, theme: str) -> Page:
            width, height = SIZES[size]
            scheme = "dark" if theme == "dark" else "light"
            context = browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=scheme
            )
            stack.callback(context.close)
            return context.new_page()

        yield page


def take(folder: Path, scenes: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(KEY)
    with tempfile.TemporaryDirectory() as place, chromium() as browser, _pages(browser) as page:

        def shoot(name: str, url: str, prepare: Callable[[Page], None]) -> None:
            for size in SIZES:
                for theme in THEMES:
                    opened = page(size, theme)
                    opened.goto(url)
                    prepare(opened)
                    opened.screenshot(path=folder / f"{name}-{size}-{theme}.png")
                    opened.context.close()

        full, empty = (f"sqlite:///{place}/{name}.sqlite" for name in ("lab", "empty"))
        with Gator(full) as gator:
            Lab(gator.client).fill(TASKS)
        for scene in scenes or list(SCENES):
            SCENES[scene](shoot, empty if scene in ("empty", "login") else full)
            print(scene, flush=True)


if __name__ == "__main__":
    take(Path(sys.argv[1]), sys.argv[2:])
