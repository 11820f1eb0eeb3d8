"""Debian's Chromium, and pages of it that tell what they asked for and what broke."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Playwright, ViewportSize, WebError

_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
_OF_NOTEBOOK7 = (
    "Cannot read properties of undefined (reading 'schema')",
    "Command 'filebrowser:open-path' not registered.",
)
"""Errors of Notebook 7.6 itself as it begins; on its pages alone they are passed over."""
_OF_A_BOX = re.compile(
    r"TypeError: Cannot read properties of null \(reading 'widgets'\)\n"
    r" +at get widgets \(\S+\)\n"
    r" +at \S+/extensions/@jupyter-widgets/jupyterlab-manager/static/\S+\n"
    r" +at async Promise.all \(index \d+\)$"
)
"""An error of ipywidgets' own: a box is taken out of the page while its children are being drawn,
and `BoxView.add_child_model` (packages/controls/src/widget_box.ts) looks for their places in it."""
_HERE = ("http://127.0.0.1:", "ws://127.0.0.1:", "blob:http://127.0.0.1:", "data:")


def chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def launched(playwright: Playwright, path: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=path, args=_FLAGS.split())
    try:
        yield browser
    finally:
        browser.close()


class Pages:
    """Pages of one person, who looks at several in one browser."""

    def __init__(
        self, browser: Browser, width: int = 1300, height: int = 850, scale: float = 1
    ) -> None:
        size: ViewportSize = {"width": width, "height": height}
        self._context = browser.new_context(viewport=size, device_scale_factor=scale)
        self._asked: list[str] = []
        self._broken: list[str] = []
        self._context.on("request", lambda request: self._asked.append(request.url))
        self._context.on("weberror", self._note_error)

    def open(self) -> Page:
        page = self._context.new_page()
        page.on("websocket", lambda socket: self._asked.append(socket.url))
        return page

    def _note_error(self, found: WebError) -> None:
        address = "" if found.page is None else found.page.url
        text, where = str(found.error), found.error.stack or ""
        of_notebook7 = "/notebooks/" in address and text in _OF_NOTEBOOK7
        if not of_notebook7 and not _OF_A_BOX.match(where):
            self._broken.append(f"{address}: {where or text}")

    def close(self) -> None:
        """Close the pages; nothing broke on them, and they asked this machine alone."""
        for page in self._context.pages:
            page.close()
        asked = list(self._asked)
        broken = list(self._broken)
        self._asked.clear()
        self._broken.clear()
        elsewhere = [url for url in asked if not url.startswith(_HERE)]
        assert elsewhere == [], elsewhere
        assert broken == [], broken
