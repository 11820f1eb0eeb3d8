"""A dashboard on a thread of this process, as a notebook shows it."""

import urllib.request
from typing import Any

import pytest
from bokeh.client import pull_session
from bokeh.document.events import DocumentPatchedEvent
from bokeh.server.connection import ServerConnection

from gator_nb import Gator
from gator_nb.dashboard.thread import ServedDashboard, dashboard
from gator_nb.errors import StoreUnavailable

from ..waiting import until


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
    drawing = pull_session(url=served.url)  # and no word that it is drawn
    try:
        until(lambda: "seen_at" in sent)
        sent.clear()
        with Gator(dsn) as gator:
            gator.task(pow, 2, 10)
        until(lambda: {"counts", "rows"} <= set(sent))
    finally:
        drawing.close()
        served.close()


def test_asked_again_it_is_the_same(dsn: str):
    """One store, one server, however often the cell is run."""
    first = dashboard(dsn)
    try:
        assert dashboard(dsn) is first
    finally:
        first.close()
    again = dashboard(dsn)
    assert again is not first
    again.close()


def test_a_store_in_memory_is_refused_with_the_reason():
    """As at every other door."""
    with pytest.raises(StoreUnavailable, match="another process"):
        dashboard("memory://")
