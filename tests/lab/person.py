"""What a person does in JupyterLab: open a notebook, run it, restart its kernel, save it."""

import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from playwright.sync_api import Locator, Page, expect

from .server import Lab

SECONDS = 1000
IDLE = "Python 3 (ipykernel) | Idle"


class Notebook:
    """A notebook that is open in a page of the browser."""

    def __init__(self, page: Page, lab: Lab, name: str) -> None:
        self.page = page
        self._lab, self._name = lab, name
        self.path: Path = lab.folder / name
        page.goto(self.address_in(lab))
        self.wait_until_idle()

    def address_in(self, lab: Lab) -> str:
        return lab.address(self._name)

    def wait_until_idle(self) -> None:
        """Until no cell runs or waits."""
        expect(self.page.get_by_text(IDLE)).to_be_visible(timeout=60 * SECONDS)

    def choose(self, *path: str) -> None:
        """Click through the menu bar."""
        menu, *inner, last = path
        self.page.get_by_role("menuitem", name=menu, exact=True).click()
        for label in inner:
            self._entry(label).hover()
        self._entry(last).click()

    def run_all(self) -> None:
        self.choose("Run", "Run All Cells")

    def restart_and_run_all(self) -> None:
        self.choose("Kernel", "Restart Kernel and Run All Cells…")
        self.page.locator(".jp-Dialog").get_by_role("button", name="Confirm Kernel Restart").click()

    def cell(self, number: int) -> Locator:
        """A cell with its output, counted from one."""
        return self.page.locator(f'.jp-Cell[data-windowed-list-index="{number - 1}"]')

    def output(self, number: int) -> Locator:
        """What of it is to be seen: a live card hides the static one that is saved."""
        return self.cell(number).locator(".jp-OutputArea-output").filter(visible=True)

    def run_cell(self, number: int) -> None:
        """Click into a cell and type Shift+Enter."""
        self.cell(number).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")

    def saved(self) -> NotebookNode:
        """The file, after Ctrl+S."""
        before = self.path.stat().st_mtime_ns
        self.page.keyboard.press("Control+s")
        while self.path.stat().st_mtime_ns == before or not self._whole():
            self.page.wait_for_timeout(50)
        return nbformat.read(self.path, as_version=4)

    def _whole(self) -> bool:
        """The file may be half written."""
        try:
            json.loads(self.path.read_text(encoding="utf-8"))
        except ValueError:
            return False
        return True

    def shut_down(self) -> None:
        """End its kernel, as "Kernel", "Shut Down Kernel" does."""
        for session in self._lab.ask("GET", "/api/sessions"):
            if session["path"] == self._name:
                self._lab.ask("DELETE", f"/api/sessions/{session['id']}")

    def _entry(self, label: str) -> Locator:
        return self.page.locator(".lm-Menu-itemLabel", has_text=label).first


class Notebook7(Notebook):
    """The same in Notebook 7, which the server has beside JupyterLab."""

    def address_in(self, lab: Lab) -> str:
        return lab.address_in_notebook7(self.path.name)

    def begin(self) -> None:
        """Run the first cell; keys that are pressed while the page loads are lost."""
        for _ in range(20):
            self.run_cell(1)
            try:
                expect(self.cell(1)).to_contain_text("[1]", timeout=3 * SECONDS)
            except AssertionError:
                continue
            return
        raise AssertionError("the first cell does not run")

    def wait_until_idle(self) -> None:
        expect(
            self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")
        ).to_be_visible(timeout=60 * SECONDS)
