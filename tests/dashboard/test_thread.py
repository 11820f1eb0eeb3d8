"""A dashboard on a thread of this process, as a notebook shows it."""

import asyncio
import gc
import logging
import threading
import urllib.error
import urllib.request
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from bokeh.client import pull_session
from bokeh.document.events import DocumentPatchedEvent
from bokeh.server.connection import ServerConnection
from playwright.sync_api import Page, expect

from gator_nb import Gator
from gator_nb.dashboard import thread
from gator_nb.dashboard.poller import poller_for
from gator_nb.dashboard.server import make_server
from gator_nb.dashboard.thread import ServedDashboard, dashboard
from gator_nb.errors import StoreUnavailable
from gator_nb.notebook.card import task_html, task_rows
from gator_nb.pages import page_of

from ..waiting import until


@pytest.fixture
def served(dsn: str) -> Iterator[ServedDashboard]:
    served = ServedDashboard(dsn)
    yield served
    served.close()


def status(url: str, path: str = "") -> int:
    """Of a path of a server, whatever stands behind its port in `url`."""
    parts = urlsplit(url)
    try:
        with urllib.request.urlopen(f"{parts.scheme}://{parts.netloc}{path}", timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_it_is_served_while_this_thread_does_something_else(dsn: str):
    """And ends when it is told to."""
    served = ServedDashboard(dsn)
    try:
        with urllib.request.urlopen(served.url, timeout=20) as answer:
            assert "Gator queue" in answer.read().decode()
        assert served.url in served._repr_mimebundle_()["text/html"]
    finally:
        served.close()
    assert (served.running, repr(served).endswith("(closed)")) == (False, True)


@pytest.mark.slow
def test_what_changes_while_a_page_is_drawn_is_sent(dsn: str, monkeypatch: pytest.MonkeyPatch):
    """A browser takes the document first and draws it then; a store that stands still afterwards
    would be shown as it was before, for good."""
    sent: list[str] = []
    send = ServerConnection.send_patch_document

    def note(connection: ServerConnection, event: DocumentPatchedEvent) -> Any:
        sent.append(getattr(event, "attr", ""))
        return send(connection, event)

    monkeypatch.setattr(ServerConnection, "send_patch_document", note)
    served = ServedDashboard(dsn)
    with ThreadPoolExecutor(1) as browser:  # a loop of its own: the browser tests run one here
        try:
            drawing = browser.submit(pull_session, url=served.url).result()  # and draws for ever
            until(lambda: "seen_at" in sent)
            sent.clear()
            with Gator(dsn) as gator:
                gator.task(pow, 2, 10)
            until(lambda: {"counts", "rows"} <= set(sent))
            browser.submit(drawing.close).result()
        finally:
            served.close()


def _made_server(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What `ServedDashboard` makes from now on."""
    made: list[Any] = []

    def make(*given: Any, **more: Any) -> Any:
        made.append(make_server(*given, **more))
        return made[-1]

    monkeypatch.setattr(thread, "make_server", make)
    return made


def _end_left_sessions(server: Any) -> int:
    """As the server does by itself a minute after they have been left; how many are there still,
    since it may not have heard yet that they are."""
    (context,) = server._tornado._applications.values()
    ended = asyncio.run_coroutine_threadsafe(
        context._cleanup_sessions(-1), server.io_loop.asyncio_loop
    )
    ended.result(20)
    return len(server.get_sessions())


@pytest.mark.slow
def test_of_pages_that_were_left_nothing_stays(
    dsn: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Neither memory nor trouble for whoever looks on, though the store's news still come for them
    until their end has been heard of."""
    caplog.set_level(logging.WARNING, "panel")  # what is caught of it holds pages
    made = _made_server(monkeypatch)
    served = ServedDashboard(dsn)
    try:
        with ThreadPoolExecutor(1) as browser:
            for _ in range(2):
                browser.submit(lambda: pull_session(url=served.url).close()).result()
        viewers = [weakref.ref(viewer) for viewer in poller_for(dsn)._viewers]
        late = [viewer()._schedule for viewer in viewers]
        until(lambda: _end_left_sessions(made[0]) == 0)
        for schedule in late:
            schedule(lambda: pytest.fail("it was told to a page that is over"))
        until(lambda: poller_for(dsn)._viewers == [])
        del late, schedule
        # The server's own next timer may remember the one it was set for.
        until(lambda: gc.collect() >= 0 and sum(one() is not None for one in viewers) <= 1)
    finally:
        served.close()
    assert len(viewers) == 2


def test_asked_again_it_is_the_same(dsn: str):
    """One store, one server, however often the cell is run; the live cards link to it, and what is
    saved of them tells nobody its address."""
    first = dashboard(dsn)
    try:
        assert dashboard(dsn) is first
        with Gator(dsn) as gator:
            task = gator.task(pow, 2, 10)
            assert f'href="{first.url}?task={task.task_id}"' in task_rows(task, live=True)
            assert first.url not in task_html(task)
    finally:
        first.close()
    assert page_of(dsn) is None
    again = dashboard(dsn)
    assert again is not first
    again.close()


def test_who_was_not_told_its_address_finds_nothing(served: ServedDashboard):
    """Other users of this machine reach the port; the page, its socket, its files and its figures
    lie behind a secret, which is another one for each server."""
    page = urlsplit(served.url).path
    assert len(page) > 30
    inside = (page, f"{page}metrics", f"{page}static/js/bokeh.min.js")
    assert [status(served.url, path) for path in inside] == [200, 200, 200]
    outside = ("/", "/metrics", "/ws", "/autoload.js", "/static/js/bokeh.min.js", "/guessed/")
    assert [status(served.url, path) for path in outside] == [404] * len(outside)


def test_each_has_a_secret_of_its_own(dsn: str, served: ServedDashboard):
    """What one link tells opens one page."""
    other = ServedDashboard(dsn, read_only=True)
    try:
        assert status(other.url, urlsplit(served.url).path) == 404
    finally:
        other.close()


class _Around(BaseHTTPRequestHandler):
    """A page that holds another one in a frame, as a notebook does."""

    frame = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(f'<iframe src="{self.frame}" width=1200 height=800></iframe>'.encode())

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.mark.slow
@pytest.mark.browser
def test_in_a_frame_of_another_site_it_shows_and_cancels(
    gator: Gator, served: ServedDashboard, page: Page
):
    """A notebook lies at localhost and the frame at 127.0.0.1: two sites, so no cookie would get
    through."""
    task = gator.options(name="to be canceled").task(pow, 2, 10)
    around = type("Around", (_Around,), {"frame": served.url})
    with ThreadingHTTPServer(("127.0.0.1", 0), around) as server:
        threading.Thread(target=server.serve_forever).start()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        row = page.frame_locator("iframe").locator("tbody tr", has_text="to be canceled")
        row.get_by_role("button", name="Cancel").click(timeout=30_000)
        expect(row).to_contain_text("Canceled", timeout=20_000)
        server.shutdown()
    assert str(task.wait(20).status) == "canceled"


def test_a_store_in_memory_is_refused_with_the_reason():
    """As at every other door."""
    with pytest.raises(StoreUnavailable, match="another process"):
        dashboard("memory://")
