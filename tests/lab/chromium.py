"""Debian's Chromium, and pages of it that tell what they asked for and what broke."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Playwright, ViewportSize

_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
_THEIRS = (
    "Cannot read properties of undefined (reading 'schema')",
    "Command 'filebrowser:open-path' not registered.",
    "Cannot read properties of null (reading 'widgets')",
)
"""Two of Notebook 7.6 as it begins, and one of jupyterlab-manager on a page that goes away."""
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
        self._context.on("weberror", lambda error: self._broken.append(str(error.error)))

    def open(self) -> Page:
        page = self._context.new_page()
        page.on("websocket", lambda socket: self._asked.append(socket.url))
        return page

    def close(self) -> None:
        """Close the pages; nothing broke on them, and they asked this machine alone."""
        for page in self._context.pages:
            page.close()
        asked = list(self._asked)
        broken = [text for text in self._broken if text not in _THEIRS]
        self._asked.clear()
        self._broken.clear()
        elsewhere = [url for url in asked if not url.startswith(_HERE)]
        assert elsewhere == [], elsewhere
        assert broken == [], broken
