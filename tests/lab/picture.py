"""The README's picture, from two real screenshots: `python -m tests.lab.picture [FILE]`.

A notebook on the left, whose tasks run; the dashboard of the same store on the right.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from ..dashboard.processes import served_by_cli
from .chromium import Pages, chromium, launched
from .person import SECONDS, Notebook
from .server import ROOT, serving

PICTURE = ROOT / "notebooks" / "images" / "first_page.png"
HEIGHT = 800
LEFT, RIGHT = 780, 540
GAP = 16
SCALE = 1.5
_COLOURS = 128

_CELLS = (
    """\
%load_ext gator_nb
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

X, y = load_digits(return_X_y=True)""",
    """\
from gator_nb import progress

def fit(width, epochs=100):
    net = MLPClassifier([width], random_state=0)
    for epoch in range(epochs):
        net.partial_fit(X, y, classes=range(10))
        progress(epoch + 1, epochs, loss=net.loss_)
    return net.score(X, y)""",
    'gator.options(name="wide net").task(fit, 256)',
    'sweep = gator.options(name="sweep").map(fit, [8, -1, 16, 32, 64])\nsweep',
    "len(X)  # the notebook is free meanwhile",
)
_FIT, _SWEEP = 3, 4


def main() -> None:
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    browser_path = chromium()
    if browser_path is None:
        sys.exit("there is no Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder:
        halves = Path(folder, "left.png"), Path(folder, "right.png")
        with (
            serving(Path(folder)) as lab,
            sync_playwright() as playwright,
            launched(playwright, browser_path) as browser,
        ):
            pages = Pages(browser, LEFT, HEIGHT, SCALE)
            lab.write("digits.ipynb", *_CELLS)
            notebook = Notebook(pages.open(), lab, "digits.ipynb")
            with served_by_cli(lab.dsn) as url:
                dashboard = pages.open()
                dashboard.set_viewport_size({"width": RIGHT, "height": HEIGHT})
                dashboard.goto(url)
                notebook.page.bring_to_front()
                _play(notebook)
                notebook.page.screenshot(path=halves[0])
                _photograph(dashboard, halves[1])
        _join(*halves, path)
    print(path, path.stat().st_size // 1000, "kB")


def _play(notebook: Notebook) -> None:
    """Run the cells, until some of the sweep have ended and one has failed."""
    notebook.page.keyboard.press("Control+b")
    notebook.run_all()
    sweep = notebook.output(_SWEEP)
    expect(sweep).to_contain_text("ValueError", timeout=60 * SECONDS)
    expect(sweep).to_contain_text("3 of 5 ended", timeout=60 * SECONDS)
    expect(notebook.output(_FIT)).to_contain_text("running")
    notebook.page.keyboard.press("Control+Home")
    expect(notebook.cell(1)).to_be_in_viewport()


def _photograph(dashboard: Page, path: Path) -> None:
    dashboard.bring_to_front()
    failed = dashboard.locator("tbody tr", has_text="ValueError")
    expect(failed).to_be_visible(timeout=30 * SECONDS)
    expect(dashboard.locator(".fresh.live")).to_be_visible()
    dashboard.screenshot(path=path)


def _join(left: Path, right: Path, path: Path) -> None:
    """Side by side, in few colours: a flat picture stays small."""
    halves = [Image.open(half).convert("RGB") for half in (left, right)]
    start = halves[0].width + round(GAP * SCALE)
    whole = Image.new("RGB", (start + halves[1].width, halves[0].height), "white")
    whole.paste(halves[0], (0, 0))
    whole.paste(halves[1], (start, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    whole.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
