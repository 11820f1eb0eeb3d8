"""celery, whose worker runs tasks in its own process: its fastest with one slot."""

import celery
import redis

from ..work import add


class Queue:
    drained = 400

    def __init__(self, address: str) -> None:
        self._app = celery.Celery("bench", broker=address, backend=address, set_as_current=False)
        self._app.conf.worker_hijack_root_logger = False
        self._add = self._app.task(name="add")(add)
        self._client = redis.Redis.from_url(address)

    def push(self, count: int) -> None:
        for number in range(count):
            self._add.delay(number)

    def call(self) -> None:
        assert self._add.delay(1).get(timeout=30) == 6

    def gather(self, count: int) -> list[int]:
        results = [self._add.delay(number) for number in range(count)]
        return [one.get(timeout=30) for one in results]

    def finished(self) -> int:
        return sum(1 for _ in self._client.scan_iter("celery-task-meta-*", count=10_000))

    def serve(self, slots: int) -> None:
        options = ["--pool=solo", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        self._app.worker_main(["worker", "--loglevel=ERROR", *options])

    def close(self) -> None:
        self._app.close()
        self._client.close()
