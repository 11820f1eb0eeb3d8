"""Addresses and messages that no page of ours has made: answered, or left alone."""

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gator_nb import Gator, Status
from gator_nb.dashboard import views
from gator_nb.dashboard.poller import Poller
from gator_nb.dashboard.query import LIMIT
from gator_nb.dashboard.state import Session
from gator_nb.dashboard.thread import ServedDashboard
from gator_nb.dashboard.views.address import go_to

from ..waiting import until
from .hostile import CORPUS

ODD = [None, True, 7, -1.5, "", "open", [], [["open"]], {}, {"open": None}, {"open": {"id": 1}}]
"""What is no message at all, and what nearly is one."""

VERBS = [
    "open", "cancel", "stop", "retry", "keep", "go", "do", "all", "bulk", "export", "filter",
    "show", "pause", "resume", "search", "earlier", "dismiss", "shut down", "__class__",
]  # fmt: skip
VALUES = [None, True, 3, "x" * 100_000, "../../etc", "\x00", [], [None, 1], {"ids": "x"}]

VIEWS: list[Callable[[Session], Any]] = [
    views.bar, views.banners, views.tiles, views.charts, views.filter_line, views.table,
    views.workers, views.drawer, lambda state: views.address(state, {}),
]  # fmt: skip


@pytest.fixture(params=[False, True], ids=["anybody", "read-only"])
def forged(request: pytest.FixtureRequest, dsn: str, poller: Poller) -> Iterator[Session]:
    session = Session(dsn, lambda call: call(), poller, read_only=request.param, charts=True)
    until(lambda: session.health == "live")
    yield session
    session.close()


def test_messages(gator: Gator, forged: Session):
    """Whatever is sent for whatever is asked: no view breaks, and no task is touched."""
    task = gator.task(pow, 2, 10)
    until(lambda: forged.records)
    for view in VIEWS:
        shown = view(forged)
        for message in [*ODD, *({verb: value} for verb in VERBS for value in VALUES)]:
            shown._handle_msg(message)
    seen = forged.seen_at
    until(lambda: forged.seen_at > seen)
    assert forged.health == "live"
    assert gator[task.task_id].status is Status.WAITING
    assert gator.counts() == {Status.WAITING: 1}


@pytest.mark.parametrize(
    "search",
    [
        "q=status:nonsense", "q=" + "x" * (LIMIT + 1), "q=%00%ff%fe", "q=a&q=b",
        "task=%3Cscript%3E", "task=" + "9" * 100_000, "view=nowhere",
        "view=workers&q=%22&task=..%2F..", "=&&;%",
        *(f"q=name:%22{json.dumps(text)[1:50]}%22" for text in CORPUS.values()),
    ],
)  # fmt: skip
def test_addresses(session: Session, search: str):
    """They show what they can mean, or say what is wrong; the page lives on."""
    go_to(session, parse_qs(search, keep_blank_values=True))
    go_to(session, {"q": [search.encode()], "task": [b"\xff"], "other": []})
    go_to(session, {})
    seen = session.seen_at
    until(lambda: session.seen_at > seen)
    assert (session.health, session.task, session.filter_trouble) == ("live", "", "")


def handshake(url: str, origin: str) -> int:
    """The answer to a page of this origin that would open the session's websocket."""
    parts = urlsplit(url)
    asking = http.client.HTTPConnection(parts.netloc, timeout=20)
    headers = {
        "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "c2l4dGVlbiBvY3RldHMhIQ==", "Origin": origin,
    }  # fmt: skip
    try:
        asking.request("GET", f"{parts.path}ws", headers=headers)
        return asking.getresponse().status
    finally:
        asking.close()


@pytest.mark.slow
def test_pages_of_others_get_no_session(dsn: str):
    """What a person has open elsewhere speaks to this port with their browser: it is refused, also
    where only the port differs or the name begins alike."""
    served = ServedDashboard(dsn)
    try:
        own = f"http://{urlsplit(served.url).netloc}"
        assert handshake(served.url, own) == 101
        for origin in (
            "http://elsewhere.example",
            "http://127.0.0.1:1",
            f"{own}.elsewhere.example",
        ):
            assert handshake(served.url, origin) == 403
    finally:
        served.close()
