"""A store, a session that looks at it, and a browser that finds a served dashboard."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gator_nb import Gator
from gator_nb.dashboard.poller import Poller
from gator_nb.dashboard.state import Session

from ..waiting import until
from .processes import KEY, served_by_cli

_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)

expect.set_options(timeout=15_000)  # a machine may be busy with other tests

Watch = Callable[[], Session]


def chromium_path() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser that asks nobody for anything but what it is told to open."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=_FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def one_key(own_folders: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dashboard that serves several tests has the key of each."""
    for name, value in KEY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def dsn(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/tasks.sqlite"


@pytest.fixture
def gator(dsn: str) -> Iterator[Gator]:
    with Gator(dsn, "lab") as opened:
        yield opened


@pytest.fixture
def poller(dsn: str) -> Iterator[Poller]:
    poller = Poller(dsn)
    yield poller
    until(lambda: not poller.running)
    assert all(thread.name != "gator_nb dashboard" for thread in threading.enumerate())


@pytest.fixture
def watch(dsn: str, poller: Poller) -> Iterator[Watch]:
    """Opens a session of the store; all are closed at the end."""
    opened: list[Session] = []

    def watch() -> Session:
        opened.append(Session(dsn, lambda call: call(), poller))
        return opened[-1]

    yield watch
    for session in opened:
        session.close()


@pytest.fixture
def session(watch: Watch) -> Session:
    """One that has seen the store."""
    session = watch()
    until(lambda: session.health == "live")
    return session


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; missing, it is a reason to skip on a laptop and a failure under CI."""
    if chromium_path() is None:
        reason = "there is no Chromium: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing breaks, no dialog opens, and that asks this machine alone."""
    page = browser.new_page(viewport={"width": 1300, "height": 850})
    asked: list[str] = []
    broken: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("dialog", lambda dialog: broken.append(f"dialog: {dialog.message}"))
    yield page
    page.close()
    ours = ("http://127.0.0.1:", "ws://127.0.0.1:", "blob:http://127.0.0.1:", "data:")
    assert [url for url in asked if not url.startswith(ours)] == []
    assert broken == []


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('store')}/tasks.sqlite"


@pytest.fixture(scope="module")
def shared_url(shared_store: str) -> Iterator[str]:
    """One served dashboard for a module's tests; each has tasks of its own names."""
    with served_by_cli(shared_store) as url:
        yield url
