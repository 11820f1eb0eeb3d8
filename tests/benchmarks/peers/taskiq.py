"""taskiq on a list, with results."""

import asyncio

import redis
from taskiq.api import run_receiver_task
from taskiq_redis import ListQueueBroker, RedisAsyncResultBackend

from . import add


async def add_in_loop(x: int) -> int:
    return add(x)


class Queue:
    drained = 1200

    def __init__(self, port: int, db: int) -> None:
        url = f"redis://127.0.0.1:{port}/{db}"
        self._broker = ListQueueBroker(url).with_result_backend(RedisAsyncResultBackend(url))
        self._add = self._broker.register_task(add_in_loop, "add")
        self._client = redis.Redis(port=port, db=db)
        self._loop = asyncio.new_event_loop()

    def push(self, count: int) -> None:
        async def push() -> None:
            for number in range(count):
                await self._add.kiq(number)

        self._loop.run_until_complete(push())

    def call(self) -> None:
        async def call() -> None:
            task = await self._add.kiq(1)
            result = await task.wait_result(check_interval=0.001, timeout=30)
            assert result.return_value == 6

        self._loop.run_until_complete(call())

    def finished(self) -> int:
        """Each result is a key, and so is the list while there is something in it."""
        return int(self._client.dbsize()) - int(self._client.exists("taskiq"))

    def serve(self) -> None:
        self._loop.run_until_complete(run_receiver_task(self._broker, run_startup=True))

    def close(self) -> None:
        self._loop.run_until_complete(self._broker.shutdown())
        self._loop.close()
        self._client.close()
