"""A small web service that has its work done by the queue, and never blocks its loop.

    python -m tests.integrations.web_service sqlite:///tasks.sqlite 8000

beside `gator-nb worker sqlite:///tasks.sqlite`, and `curl -d n=1000 http://127.0.0.1:8000/sums`.
"""

import asyncio
import sys
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.web import Application, HTTPError, RequestHandler

from gator_nb import Gator, errors, progress


def slow_sum(n: int) -> int:
    """What takes too long for a request."""
    total = 0
    for i in range(n):
        total += i
        progress(i + 1, n)
    return total


class Service(RequestHandler):
    """What its pages share: the queue, and tasks by their ids."""

    def initialize(self, gator: Gator) -> None:
        self.gator = gator

    async def task(self, task_id: str) -> Any:
        """Asking the store takes a moment, so it is a thread's to do."""
        try:
            return await asyncio.to_thread(lambda: self.gator[task_id])
        except errors.TaskNotFound as error:
            raise HTTPError(404, str(error)) from error


class Sums(Service):
    """POST begins one, and answers at once."""

    async def post(self) -> None:
        n = int(self.get_body_argument("n"))
        task = await asyncio.to_thread(self.gator.task, slow_sum, n)
        self.set_status(202)
        self.write({"id": task.task_id})


class Sum(Service):
    """GET tells how far it is, DELETE cancels it."""

    async def get(self, task_id: str) -> None:
        task = await self.task(task_id)
        done = None if task.progress is None else task.progress.done
        self.write({"status": str(task.status), "done": done, "error": task.error})

    async def delete(self, task_id: str) -> None:
        task = await self.task(task_id)
        await asyncio.to_thread(task.cancel)
        self.set_status(202)


class Result(Service):
    """GET waits for it, `?seconds` at most."""

    async def get(self, task_id: str) -> None:
        task = await self.task(task_id)
        try:
            value = await asyncio.wait_for(task, float(self.get_argument("seconds", "30")))
        except TimeoutError:
            raise HTTPError(504, "not yet") from None
        except errors.TaskCanceled as error:
            raise HTTPError(410, str(error)) from error
        self.write({"result": value})


def application(gator: Gator) -> Application:
    """The service on a queue."""
    to = {"gator": gator}
    return Application(
        [(r"/sums", Sums, to), (r"/sums/(\w+)", Sum, to), (r"/sums/(\w+)/result", Result, to)]
    )


async def serve(dsn: str, port: int) -> None:
    """Serve until it is stopped."""
    with Gator(dsn) as gator:
        HTTPServer(application(gator)).listen(port, "127.0.0.1")
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
