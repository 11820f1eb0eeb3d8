"""One JupyterLab and one Chromium for this folder; a page of its own for each test."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ..dashboard.processes import free_port, running
from ..leftovers import children
from ..waiting import until
from .chromium import Pages, chromium, launched
from .person import Notebook
from .server import Lab, serving


@pytest.fixture(scope="package")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with serving(tmp_path_factory.mktemp("person")) as lab:
        yield lab


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; missing, it is a reason to skip on a laptop and a failure under CI."""
    path = chromium()
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "there is no Chromium: apt-get install chromium"
        )
    with sync_playwright() as playwright, launched(playwright, path) as browser:
        yield browser


@pytest.fixture(scope="package")
def pages(browser: Browser) -> Pages:
    return Pages(browser)


@pytest.fixture
def new_page(pages: Pages) -> Iterator[Callable[[], Page]]:
    """Opens pages on which nothing breaks, and that ask this machine alone."""
    yield pages.open
    pages.close()


@pytest.fixture
def open_notebook(new_page: Callable[[], Page], lab: Lab) -> Iterator[Callable[..., Notebook]]:
    """Opens a notebook of the lab; with sources, one that is made of them."""
    opened: list[Notebook] = []

    def open_notebook(name: str, *cells: str) -> Notebook:
        if cells:
            lab.write(name, *cells)
        opened.append(Notebook(new_page(), lab, name))
        return opened[-1]

    yield open_notebook
    for notebook in opened:
        notebook.shut_down()


@pytest.fixture
def dashboard_url(lab: Lab) -> Iterator[str]:
    """`gator-nb dashboard` on the store of the lab's kernels; it comes up meanwhile."""
    port = free_port()
    command = ("-m", "gator_nb", "dashboard", lab.dsn, "--port", str(port), "--no-show")
    with running(*command):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(autouse=True)
def nothing_left() -> None:
    """Chromium and the server start and end processes from one test to the next as they like:
    what stays is looked at once they have ended, not after each test."""


@pytest.fixture(scope="package", autouse=True)
def nothing_left_at_the_end() -> Iterator[None]:
    """No process of the browser, of the server or of a kernel outlives this folder."""
    before = children()
    yield
    until(lambda: not children() - before)
