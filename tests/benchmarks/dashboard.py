"""The dashboard without a browser: what a page costs its server, what a first look at rows takes.

`python -m tests.dashboard.million` looks at a million tasks with a real Chromium.
"""

import asyncio
import json
import re
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import psutil
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from gator_nb.backends import open_backend
from gator_nb.backends.base import Backend
from gator_nb.dashboard.following import Following, Look
from gator_nb.dashboard.query import parse

from ..dashboard import lab
from ..dashboard.processes import answering, free_port
from ..dashboard.processes import running as running_process
from ..redis.servers import running as running_server
from .measure import OURS, Case, Limit, Plan, seconds_of

_PATIENCE = 60.0
_TASKS = 10_000
_SESSIONS = 20
_LOOKS = {
    "newest page": "",
    "page of a status": "status:failed",
    "page of a name": 'name:"train net"',
    "page of a search": "forest",
}

_PAGE = "dashboard: the page, built and sent"
_SESSION = "dashboard: a session, to its whole document"
_MEMORY = "dashboard: memory of an open session"

TARGETS = [Limit(_PAGE, 0.5), Limit(_SESSION, 0.5)]
"""A first screen is to be there within 2 s, most of which the browser needs."""


@contextmanager
def cases(plan: Plan) -> Iterator[list[Case]]:
    """On two stores with a month of a lab's tasks; the page is served by a process of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(running_server())
        stores = {"sqlite": f"sqlite:///{folder}/lab.sqlite", "redis": server.dsn(store="lab")}
        for address in stores.values():
            lab.main(address, plan.count(_TASKS))
        port = free_port()
        serving = (
            "-m",
            "gator_nb",
            "dashboard",
            stores["sqlite"],
            "--port",
            str(port),
            "--no-show",
        )
        process = stack.enter_context(running_process(*serving))
        url = stack.enter_context(answering(f"http://127.0.0.1:{port}/"))
        yield [
            Case.one(_PAGE, OURS, "s", partial(_built, url)),
            Case(
                OURS,
                {_SESSION: "s", _MEMORY: "MB"},
                partial(_sessions, url, process.pid, plan.count(_SESSIONS)),
            ),
            *(
                Case.one(f"dashboard, {store}: {what}", OURS, "ms", partial(_looked, address, text))
                for what, text in _LOOKS.items()
                for store, address in stores.items()
            ),
        ]


def _built(url: str) -> float:
    """A session is made for it, as for every reader."""
    return seconds_of(partial(_read, url))


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:
        text: str = answer.read().decode()
    assert "<html" in text
    return text


def _sessions(url: str, pid: int, count: int) -> tuple[float, float]:
    """Opened one after the other, and all of them open at the end."""
    server = psutil.Process(pid)
    before = server.memory_info().rss

    async def opened() -> tuple[float, float]:
        start = time.perf_counter()
        sessions = [await _session(url) for _ in range(count)]
        taken = (time.perf_counter() - start) / count
        held = server.memory_info().rss - before
        for one in sessions:
            one.close()
        return taken, held / count / 1e6

    return asyncio.run(opened())


async def _session(url: str) -> WebSocketClientConnection:
    """As a browser does: read the page, connect by the token in it, ask for the document."""
    page = await asyncio.to_thread(_read, url)
    token = re.search(r'"token":"([^"]+)"', page)
    assert token is not None
    address = HTTPRequest(f"{url.replace('http', 'ws', 1)}ws", request_timeout=_PATIENCE)
    socket = await websocket_connect(address, subprotocols=["bokeh", token[1]])
    async with asyncio.timeout(_PATIENCE):
        await _until(socket, "ACK")  # what comes before that, the server refuses
        for part in ({"msgid": "1", "msgtype": "PULL-DOC-REQ"}, {}, {}):
            await socket.write_message(json.dumps(part))
        assert "roots" in await _until(socket, "PULL-DOC-REPLY")
    return socket


async def _until(socket: WebSocketClientConnection, kind: str) -> str:
    """The content of the next message of that kind; a message comes as head, metadata, content."""
    while kind not in str(head := await socket.read_message()):
        if head is None:
            raise ConnectionError("the server has ended the session")
    await socket.read_message()
    return str(await socket.read_message())


def _looked(address: str, text: str) -> float:
    """By a session that has seen nothing yet."""
    with closing(open_backend(address)) as backend:
        return seconds_of(partial(_look, backend, text)) * 1e3


def _look(backend: Backend, text: str) -> None:
    following = Following(backend)
    look = Look(parse(text))
    (sight,) = following.step([look], time.monotonic())
    while sight.search == "going":
        (sight,) = following.step([look], time.monotonic())
    assert sight.search == "done"
