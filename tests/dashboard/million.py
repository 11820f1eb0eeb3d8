"""What a person waits for, with as many tasks as a store may hold: `lab.py` fills it, a real
Chromium looks at it.

python -m tests.dashboard.million sqlite:///lab.sqlite [1000000] [screen|idle|load|ten|sessions ...]
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import psutil
from playwright.sync_api import Browser, Page
from rich.console import Console
from rich.table import Table

from gator_nb import Gator

from . import lab
from .conftest import chromium
from .processes import answering, free_port, running

ROUNDS = 5
CHANGES = 2_000
"""A second, under load."""
SESSIONS, FIRST = 200, 20
_ENDED_AFTER = 100.0
"""Seconds after which the session of a closed page is gone for sure."""
_STILL_AFTER = 20.0
"""Seconds after which nothing moves for the eye alone."""
_WATCHED = 20.0
BETWEEN = "status:canceled"
"""Before each filter, so that another task than before stands first under it."""
FILTERS = (
    "status:failed", 'name:"train net"', "queue:etl status:finished", "tag:gpu status:failed",
    "queue:scoring", "status:failed error:CUDA", "forest",
)  # fmt: skip
_ROW = "tbody tr[data-id]"


class Reach:
    """One served dashboard, one browser, and a table of figures."""

    def __init__(self, dsn: str, browser: Browser, url: str, server: psutil.Process) -> None:
        self.dsn, self.browser, self.url, self.server = dsn, browser, url, server
        self.table = self.head()

    @staticmethod
    def head() -> Table:
        return Table("what", "median", "worst", "target", "")

    def tell(self, what: str, values: list[float], most: float, unit: str = "s") -> None:
        middle, worst = statistics.median(values), max(values)
        met = "met" if worst <= most else "missed"
        figures = (f"{one:.3g} {unit}" for one in (middle, worst, most))
        self.table.add_row(what, *figures, met)

    def page(self) -> Page:
        page = self.browser.new_context(viewport={"width": 1300, "height": 850}).new_page()
        page.goto(self.url)
        page.locator(_ROW).first.wait_for()
        return page

    # -- the figures -----------------------------------------------------------------------

    def screen(self) -> None:
        """A browser that has nothing in its cache, then filters and pages."""
        for _ in range(ROUNDS):
            self.page().context.close()
        self.tell("first screen, nothing cached", [self._opening() for _ in range(ROUNDS)], 2)
        page = self.page()
        for text in FILTERS:
            self.tell(text, [self._filtering(page, text) for _ in range(ROUNDS)], 0.5)
        taken = [_changing(page, lambda: page.get_by_text("Older ›").click()) for _ in range(10)]
        self.tell("page turn", taken, 0.5)
        page.context.close()

    def idle(self) -> None:
        """What an open page costs while nothing changes, and nobody touches it."""
        page = self.page()
        page.wait_for_timeout(1000 * _STILL_AFTER)
        self.tell("idle page: its server", [self._busy([self.server])], 3, "% of a core")
        mine = psutil.Process().children(recursive=True)
        browser = [one for one in mine if "chrom" in one.name()]
        self.tell("idle page: its browser", [self._busy(browser)], 3, "% of a core")
        page.context.close()

    def load(self) -> None:
        """Clicks while the store changes all the time."""
        with Gator(self.dsn, "clicks") as gator:
            gator.options(name="to be canceled").map(abs, range(ROUNDS + 1))
        page = self.page()
        with _changes(self.dsn) as told:
            page.wait_for_timeout(3_000)
            filtering = [self._filtering(page, text) for text in ("status:failed", "queue:etl")]
            self.tell("filter under load", filtering, 1)
            _filter(page, "queue:clicks status:queued")
            page.wait_for_timeout(2_000)
            clicks = [_canceling(page) for _ in range(ROUNDS)]
            self.tell("click to canceled, under load", clicks, 1)
            _filter(page, "")
            page.wait_for_timeout(1_000)
            self.tell("server under load", [self._busy([self.server])], 100, "% of a core")
        self.table.add_row("changes that were made", f"{told[0]:,.0f}/s", "", f"{CHANGES:,}/s", "")
        page.context.close()

    def ten(self) -> None:
        """Ten people, who all filter at the same moment."""
        pages = [self.page() for _ in range(10)]
        taken = []
        for text in FILTERS[:5]:
            for page in pages:
                _changing(page, partial(_filter, page, BETWEEN))
            begun = time.perf_counter()
            before = [_first(page) for page in pages]
            for page in pages:
                _filter(page, text)
            for page, first in zip(pages, before, strict=True):
                _differs(page, first)
                taken.append(time.perf_counter() - begun)
        self.tell("ten filter at once: until the last one sees it", taken, 2)
        self.tell("ten idle pages: their server", [self._busy([self.server])], 30, "% of a core")
        for page in pages:
            page.context.close()

    def sessions(self) -> None:
        """Memory after many have come and gone."""
        first = self._come_and_go(FIRST)
        last = self._come_and_go(SESSIONS - FIRST)
        self.table.add_row(f"memory after {FIRST} sessions", f"{first:.0f} MB", "", "", "")
        self.tell(f"memory after {SESSIONS}, beside that", [100 * last / first], 120, "%")

    # -- how they are taken ----------------------------------------------------------------

    def _opening(self) -> float:
        begun = time.perf_counter()
        page = self.page()
        taken = time.perf_counter() - begun
        page.context.close()
        return taken

    def _filtering(self, page: Page, text: str) -> float:
        if page.get_by_role("searchbox").input_value() != BETWEEN:
            _changing(page, lambda: _filter(page, BETWEEN))
        return _changing(page, lambda: _filter(page, text))

    def _busy(self, processes: list[psutil.Process]) -> float:
        """Percent of a core."""
        before = sum(sum(one.cpu_times()[:2]) for one in processes)
        time.sleep(_WATCHED)
        return 100 * (sum(sum(one.cpu_times()[:2]) for one in processes) - before) / _WATCHED

    def _come_and_go(self, number: int) -> float:
        """MB that the server holds once they have left."""
        for _ in range(number):
            self._opening()
        time.sleep(_ENDED_AFTER)
        return self.server.memory_info().rss / 1e6


def _first(page: Page) -> str:
    return page.locator(_ROW).first.get_attribute("data-id") or ""


def _filter(page: Page, text: str) -> None:
    field = page.get_by_role("searchbox")
    field.fill(text)
    field.press("Enter")


def _changing(page: Page, act: Callable[[], None]) -> float:
    """Seconds until another task stands first."""
    before = _first(page)
    begun = time.perf_counter()
    act()
    _differs(page, before)
    return time.perf_counter() - begun


def _differs(page: Page, first: str) -> None:
    page.locator(f'{_ROW}:first-child:not([data-id="{first}"])').wait_for(timeout=15_000)


def _canceling(page: Page) -> float:
    row = page.locator(f"{_ROW}:not(.canceled)").first
    task_id = row.get_attribute("data-id")
    begun = time.perf_counter()
    row.get_by_role("button", name="Cancel").click()
    page.locator(f'tr.canceled[data-id="{task_id}"]').wait_for(timeout=15_000)
    return time.perf_counter() - begun


@contextmanager
def _changes(dsn: str) -> Iterator[list[float]]:
    """Another process changes `CHANGES` tasks a second; at the end, how many they were."""
    command = [sys.executable, "-m", "tests.dashboard.churn", dsn, str(CHANGES)]
    told: list[float] = []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as churn:
        assert churn.stdout is not None
        churn.stdout.readline()
        try:
            yield told
        finally:
            told.append(float(churn.communicate("", 60)[0]))  # its input ends, and so does it


def main(dsn: str, tasks: int, chosen: list[str]) -> None:
    lab.main(dsn, tasks)
    with ExitStack() as stack:
        port = free_port()
        command = ["-m", "gator_nb", "dashboard", dsn, "--port", str(port), "--no-show"]
        serving = stack.enter_context(running(*command))
        url = stack.enter_context(answering(f"http://127.0.0.1:{port}/"))
        browser = stack.enter_context(chromium())
        reach = Reach(dsn, browser, url, psutil.Process(serving.pid))
        for name in chosen or ["screen", "idle", "load", "ten", "sessions"]:
            getattr(reach, name)()
            Console(width=100).print(reach.table)
            reach.table = Reach.head()


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    main(sys.argv[1], count, sys.argv[3:])
