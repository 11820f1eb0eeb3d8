"""Pictures of cards in every state: `python -m tests.lab.cards FOLDER`, to be judged by eye.

JupyterLab in its own light and dark theme, as wide as a desktop and as narrow as a phone.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from .chromium import Pages, chromium, launched
from .person import SECONDS, Notebook
from .server import serving

WIDE, NARROW, HEIGHT = 1100, 420, 4300
WAIT = 60 * SECONDS

BEFORE = (
    """\
%load_ext gator_nb
import os, signal, time, matplotlib.pyplot as plt
from gator_nb import progress""",
    """\
if not gator.tasks():
    gator.options(name="from yesterday", delay_by="2h").map(abs, [-1, -2, -3])""",
)
"""What an earlier kernel has run."""

CELLS = {
    "functions": """\
def train(epochs, pause=0.2):
    print("reading 60,000 images")
    for epoch in range(epochs):
        print(f"epoch {epoch + 1}: loss {1 / (epoch + 1):.3f}")
        progress(epoch + 1, epochs, loss=1 / (epoch + 1), accuracy=1 - 0.7 / (epoch + 1))
        time.sleep(pause)
    plt.plot([1 / (n + 1) for n in range(epochs)]); plt.title("loss"); plt.show()
    return {"accuracy": 0.93, "epochs": epochs}

def broken(rate):
    print("starting")
    return 1 / rate

def changed(rate):
    return [][rate]

def killed():
    os.kill(os.getpid(), signal.SIGKILL)""",
    "page": "page = gator.dashboard()  # the live cards link to it",
    "held": 'gator["from yesterday"]',
    "held group": 'gator.tasks("blocked")',
    "finished": 'gator.options(name="train the net").task(train, 6, 0.05)',
    "reused": """\
once = gator.options(name="once", reuse=True)
once.task(pow, 2, 10).wait()
once.task(pow, 2, 10)""",
    "failed": "gator.task(broken, 0)",
    "edited": "gator.task(changed, 3)",
    "lost": 'gator.options(run_in="process", on_lost="fail").task(killed)',
    "delayed": 'gator.options(delay_by="2h", name="nightly").task(train, 9)',
    "canceled": "gator.task(train, 9000).cancel()",
    "group": 'gator.options(name="sweep").map(broken, [1, 2, 0, 4, 0, 5])',
    "running": "running = gator.options(name='long').task(train, 300)\nrunning",
    "canceling": "gator.options(name='in C').task(time.sleep, 90)",
    "open group": "gator.options(name='a sweep').map(time.sleep, [0, 0, 90, 90, 90, 90, 90, 90])",
    "queued": "gator.options(name='queued').task(broken, 1)",
    "dependent": "gator.options(name='after', depends_on=running).task(broken, 1)",
    "summary": "gator",
    "an edit": "def changed(rate):\n    return rate",
}


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    path = chromium()
    if path is None:
        sys.exit("there is no Chromium: apt-get install chromium")
    with (
        tempfile.TemporaryDirectory() as home,
        serving(Path(home)) as lab,
        sync_playwright() as playwright,
        launched(playwright, path) as browser,
    ):
        pages = Pages(browser, WIDE, HEIGHT)
        lab.write("cards.ipynb", *BEFORE, *CELLS.values())
        notebook = Notebook(pages.open(), lab, "cards.ipynb")
        notebook.page.keyboard.press("Control+b")
        for number in range(1, len(BEFORE) + 1):
            notebook.run_cell(number)
        expect(notebook.cell(len(BEFORE))).to_contain_text(f"[{len(BEFORE)}]", timeout=WAIT)
        notebook.restart_and_run_all()
        _play(notebook)
        for theme in ("Light", "Dark"):
            notebook.choose("Settings", "Theme", f"JupyterLab {theme}")
            notebook.page.wait_for_timeout(2 * SECONDS)
            for name, width in (("wide", WIDE), ("narrow", NARROW)):
                _picture(notebook.page, width, folder / f"cards-{theme.lower()}-{name}.png")
        notebook.saved()
        notebook.shut_down()
        pages.close()
        reopened = pages.open()
        reopened.goto(lab.address("cards.ipynb"))
        expect(reopened.get_by_text("train the net").last).to_be_visible(timeout=WAIT)
        reopened.wait_for_timeout(2 * SECONDS)
        _picture(reopened, WIDE, folder / "cards-without-kernel.png")
        pages.close()


def _play(notebook: Notebook) -> None:
    """Until each card shows what it is there for."""
    cards = {
        name: notebook.output(number) for number, name in enumerate(CELLS, start=len(BEFORE) + 1)
    }
    expect(cards["failed"]).to_contain_text("ZeroDivisionError", timeout=WAIT)
    expect(cards["lost"]).to_contain_text("SIGKILL", timeout=WAIT)
    expect(cards["running"]).to_contain_text("left", timeout=WAIT)
    expect(cards["open group"]).to_contain_text("2 of 8 ended", timeout=WAIT)
    notebook.wait_until_idle()
    cards["canceling"].get_by_role("button", name="Cancel").click()
    expect(cards["canceling"]).to_contain_text("in C code since", timeout=WAIT)
    cards["running"].locator("summary").click()


def _picture(page: Page, width: int, path: Path) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.wait_for_timeout(SECONDS)
    page.screenshot(path=path)
    print(path)


if __name__ == "__main__":
    main()
