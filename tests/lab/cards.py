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

WIDE, NARROW, HEIGHT = 1100, 420, 3300

CELLS = (
    "%load_ext gator_nb\nimport time, matplotlib.pyplot as plt\nfrom gator_nb import progress",
    """\
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
    return [][rate]""",
    'gator.options(name="train the net").task(train, 6, 0.05)',
    "gator.task(broken, 0)",
    "gator.task(changed, 3)",
    'gator.options(delay_by="2h", name="nightly").task(train, 9)',
    "gator.task(train, 9000).cancel()",
    'gator.options(name="sweep").map(broken, [1, 2, 0, 4, 0, 5])',
    "running = gator.options(name='long').task(train, 300)\nrunning",
    "import os, signal\nstuck = gator.options(name='in C').task(time.sleep, 40)\nstuck",
    "more = gator.map(time.sleep, [60] * 6)\ngator.options(name='queued').task(broken, 1)",
    "after = gator.options(name='after', depends_on=running).task(broken, 1)\nafter",
    "gator",
    "def changed(rate):\n    return rate",
)
FAILED, LAST = 4, len(CELLS)


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
        lab.write("cards.ipynb", *CELLS)
        notebook = Notebook(pages.open(), lab, "cards.ipynb")
        notebook.page.keyboard.press("Control+b")
        notebook.run_all()
        expect(notebook.output(FAILED)).to_contain_text("ZeroDivisionError", timeout=60 * SECONDS)
        expect(notebook.output(9)).to_contain_text("left", timeout=60 * SECONDS)
        notebook.wait_until_idle()
        notebook.output(10).get_by_role("button", name="Cancel").click()
        notebook.page.wait_for_timeout(3 * SECONDS)
        notebook.output(9).locator("summary").click()
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
        reopened.wait_for_timeout(6 * SECONDS)
        _picture(reopened, WIDE, folder / "cards-without-kernel.png")
        pages.close()


def _picture(page: Page, width: int, path: Path) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.wait_for_timeout(SECONDS)
    page.screenshot(path=path)
    print(path)


if __name__ == "__main__":
    main()
