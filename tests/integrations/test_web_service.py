"""asyncio: a web service has its work done by the queue (`web_service.py`)."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from gator_nb import Gator, Worker

from .web_service import application

Ask = Callable[..., Awaitable[HTTPResponse]]


@pytest.fixture
def gator(tmp_path: Path) -> Iterator[Gator]:
    with Gator(f"sqlite:///{tmp_path}/tasks.sqlite") as opened, Worker(opened, threads=2):
        yield opened


def served(gator: Gator, conversation: Callable[[Ask], Awaitable[None]]) -> None:
    """Have a conversation with the service."""

    async def main() -> None:
        socket, port = bind_unused_port(address="127.0.0.1")
        server = HTTPServer(application(gator))
        server.add_socket(socket)
        client = AsyncHTTPClient(force_instance=True)

        async def ask(path: str, **more: object) -> HTTPResponse:
            url = f"http://127.0.0.1:{port}{path}"
            return await client.fetch(url, raise_error=False, **more)

        await conversation(ask)
        client.close()
        server.stop()
        await server.close_all_connections()

    asyncio.run(main())


async def begun(ask: Ask, n: int) -> str:
    answer = await ask("/sums", method="POST", body=f"n={n}")
    assert answer.code == 202
    return str(json.loads(answer.body)["id"])


def test_work_is_begun_and_its_result_awaited(gator: Gator) -> None:
    """Many at once: each waits in a coroutine, not in a thread."""

    async def conversation(ask: Ask) -> None:
        ids = [await begun(ask, n) for n in range(10)]
        answers = await asyncio.gather(*(ask(f"/sums/{one}/result") for one in ids))
        found = [json.loads(one.body)["result"] for one in answers]
        assert found == [sum(range(n)) for n in range(10)]
        assert (await ask("/sums/none")).code == 404

    served(gator, conversation)


def test_who_waits_keeps_nobody_from_being_answered(gator: Gator) -> None:
    """While one request waits for a long task, others look at it, and cancel it."""

    async def conversation(ask: Ask) -> None:
        long = await begun(ask, 10**9)
        waiting = asyncio.ensure_future(ask(f"/sums/{long}/result"))
        assert (await ask(f"/sums/{long}/result?seconds=0.1")).code == 504
        deadline = time.monotonic() + 15
        while not json.loads((await ask(f"/sums/{long}")).body)["done"]:
            assert time.monotonic() < deadline
        assert not waiting.done()
        assert (await ask(f"/sums/{long}", method="DELETE")).code == 202
        assert (await waiting).code == 410

    served(gator, conversation)
