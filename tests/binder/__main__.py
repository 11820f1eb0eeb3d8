"""A visitor of Binder: `python -m tests.binder FOLDER [NOTEBOOK ...]`.

Makes a fresh environment as the files in `binder/` say, starts a session in it, and looks at it
with Chromium: the tile, the links, the notebooks from top to bottom. Pictures go to FOLDER.
"""

import sys
import tempfile
import time
from pathlib import Path

from nbformat import NotebookNode
from playwright.sync_api import Page, expect, sync_playwright

from ..dashboard.processes import answering, free_port
from ..lab.chromium import Pages, chromium, launched
from ..lab.person import SECONDS, Notebook
from ..lab.server import TOKEN, Lab, settle
from .image import PROJECT, Image, built, started

NOTEBOOKS = PROJECT / "notebooks"
_PREFIX = "/user/visitor"
_OPTIONS = (
    "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
    f"--IdentityProvider.token={TOKEN}", f"--ServerApp.base_url={_PREFIX}/",
    "--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)  # fmt: skip
_TYPED = {"03_stopping": ("scale", "[1, 2, 0]")}
"""What a person types at the prompt of the debugger where a notebook ends, and what is answered."""
_PATIENCE = 300.0
"""Seconds for a notebook."""
_TALL = 6000
"""Pixels that every notebook fits into."""
_BESIDE = "besides.ipynb"
_ON_THE_SERVER = (
    "%load_ext gator_nb",
    "%gator connect lab",
    "%gator worker start --processes 1",
    'print(gator.task(pow, 2, 10).get(timeout=60), "by", gator.conn_string.split(":")[0])',
)


def visit(image: Image, pictures: Path, notebooks: list[str]) -> None:
    """Open a session and look at all that there is."""
    settle(image.home)
    port = free_port()
    url = f"http://127.0.0.1:{port}{_PREFIX}"
    lab = Lab(url, image.repository, "")
    jupyter = ("jupyter", "lab", *_OPTIONS, f"--ServerApp.port={port}")
    with (
        started(image, *jupyter),
        answering(f"{url}/api"),
        sync_playwright() as playwright,
        launched(playwright, chromium() or "chromium") as browser,
    ):
        pages = Pages(browser, 1300, 850)
        _tile(pages.open(), lab, pictures)
        _demo(pages.open(), lab, pictures)
        _server(pages.open(), lab, pictures)
        for name in notebooks:
            _notebook(pages.open(), lab, name, pictures)
        pages.close()


def _tile(page: Page, lab: Lab, pictures: Path) -> None:
    page.goto(f"{lab.url}/lab/workspaces/tile?token={TOKEN}")
    tile = page.locator(".jp-LauncherCard", has_text="Gator queue")
    expect(tile).to_be_visible(timeout=90 * SECONDS)
    page.wait_for_timeout(1 * SECONDS)  # for its looks only
    page.screenshot(path=pictures / "tile.png")
    tile.click()
    queue = page.frame_locator("iframe")
    expect(queue.locator(".fresh.live")).to_be_visible(timeout=90 * SECONDS)
    expect(queue.locator("#loader")).to_be_hidden()
    page.screenshot(path=pictures / "tile_opened.png")
    _say("the tile opens the page")


def _demo(page: Page, lab: Lab, pictures: Path) -> None:
    page.goto(f"{lab.url}/gator-demo/?token={TOKEN}", timeout=90 * SECONDS)
    row = page.locator("tbody tr", has_text="wide net")
    expect(row).to_contain_text("Running", timeout=90 * SECONDS)
    page.screenshot(path=pictures / "demo.png")
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_contain_text("Canceled", timeout=30 * SECONDS)
    _say("the demo opens by its link, and cancels")


def _server(page: Page, lab: Lab, pictures: Path) -> None:
    """The Valkey beside the notebooks."""
    lab.write(_BESIDE, *_ON_THE_SERVER)
    notebook = Notebook(page, lab, _BESIDE)
    notebook.run_all()
    expect(notebook.output(4)).to_have_text("1024 by redis", timeout=90 * SECONDS)
    page.screenshot(path=pictures / "server.png")
    notebook.shut_down()
    _say("the server beside the notebooks runs tasks")


def _notebook(page: Page, lab: Lab, name: str, pictures: Path) -> None:
    notebook = Notebook(page, lab, f"notebooks/{name}.ipynb")
    notebook.run_all()
    if name in _TYPED:
        _at_the_debugger(page, *_TYPED[name])
    cells = _all_run(notebook)
    outputs = [output for cell in cells for output in cell.outputs]
    assert [one.ename for one in outputs if one.output_type == "error"] == []
    _photograph(page, pictures / f"{name}.png")
    notebook.shut_down()
    _say(f"{name} runs from top to bottom")


def _at_the_debugger(page: Page, typed: str, answer: str) -> None:
    prompt = page.locator("input.jp-Stdin-input")
    expect(prompt).to_be_visible(timeout=_PATIENCE * SECONDS)
    prompt.fill(typed)
    prompt.press("Enter")
    expect(page.locator(".jp-OutputArea").last).to_contain_text(answer, timeout=30 * SECONDS)
    expect(prompt).to_have_count(1, timeout=30 * SECONDS)  # the new one, when the old has gone
    expect(prompt).to_have_value("")
    prompt.fill("q")
    prompt.press("Enter")
    expect(prompt).to_have_count(0, timeout=30 * SECONDS)


def _photograph(page: Page, path: Path) -> None:
    """The whole notebook on one picture, and not only where it ends."""
    page.keyboard.press("Control+b")  # without the list of files
    page.set_viewport_size({"width": 1000, "height": _TALL})
    page.wait_for_timeout(1 * SECONDS)
    page.locator(".jp-WindowedPanel-outer").evaluate("one => one.scrollTo(0, 0)")
    page.wait_for_timeout(2 * SECONDS)  # it draws what comes into sight
    ends = [box["y"] + box["height"] for one in page.locator(".jp-Cell").all()
            if (box := one.bounding_box())]  # fmt: skip
    whole = {"x": 0, "y": 0, "width": 1000, "height": min(max(ends) + 40, _TALL)}
    page.screenshot(path=path, clip=whole)


def _all_run(notebook: Notebook) -> list[NotebookNode]:
    """Its cells of code, once the last one has run; as they are in its file."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        cells = [cell for cell in notebook.saved().cells if cell.cell_type == "code"]
        if all(cell.execution_count for cell in cells):
            return cells
        notebook.page.wait_for_timeout(1 * SECONDS)
    raise TimeoutError(f"{notebook.path.name} has not ended within {_PATIENCE:g} s")


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def main() -> None:
    pictures = Path(sys.argv[1])
    pictures.mkdir(parents=True, exist_ok=True)
    names = sys.argv[2:] or sorted(file.stem for file in NOTEBOOKS.glob("*.ipynb"))
    with tempfile.TemporaryDirectory(prefix="gator-binder-", ignore_cleanup_errors=True) as folder:
        image = built(Path(folder))
        _say("the image is made")
        visit(image, pictures, names)


if __name__ == "__main__":
    main()
