"""taskiq on a list, with results."""

import asyncio

import redis
from taskiq.api import run_receiver_task
from taskiq_redis import ListQueueBroker, RedisAsyncResultBackend

from ..work import add


async def add_in_loop(x: int) -> int:
    return add(x)


class Queue:
    drained = 1200

    def __init__(self, address: str) -> None:
        self._broker = ListQueueBroker(address).with_result_backend(
            RedisAsyncResultBackend(address)
        )
        self._add = self._broker.register_task(add_in_loop, "add")
        self._client = redis.Redis.from_url(address)
        self._loop = asyncio.new_event_loop()

    def push(self, count: int) -> None:
        async def push() -> None:
            for number in range(count):
                await self._add.kiq(number)

        self._loop.run_until_complete(push())

    def call(self) -> None:
        assert self.gather(1) == [5]

    def gather(self, count: int) -> list[int]:
        async def gather() -> list[int]:
            tasks = [await self._add.kiq(number) for number in range(count)]
            results = [await one.wait_result(check_interval=0.001, timeout=30) for one in tasks]
            return [one.return_value for one in results]

        return self._loop.run_until_complete(gather())

    def finished(self) -> int:
        """Each result is a key, and so is the list while there is something in it."""
        return int(self._client.dbsize()) - int(self._client.exists("taskiq"))

    def serve(self, slots: int) -> None:
        self._loop.run_until_complete(run_receiver_task(self._broker, run_startup=True))

    def close(self) -> None:
        self._loop.run_until_complete(self._broker.shutdown())
        self._loop.close()
        self._client.close()
