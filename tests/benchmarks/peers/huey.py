"""huey, whose consumer blocks on a list and polls for nothing."""

from huey import RedisHuey

from . import add


class Queue:
    drained = 1200

    def __init__(self, port: int, db: int) -> None:
        self._huey = RedisHuey("bench", url=f"redis://127.0.0.1:{port}/{db}")
        self._add = self._huey.task(name="add")(add)

    def push(self, count: int) -> None:
        for number in range(count):
            self._add(number)

    def call(self) -> None:
        result = self._add(1).get(blocking=True, timeout=30, backoff=1, max_delay=0.001)
        assert result == 6

    def finished(self) -> int:
        count: int = self._huey.storage.result_store_size()
        return count

    def serve(self) -> None:
        self._huey.create_consumer(workers=1, periodic=False, initial_delay=0.001).run()

    def close(self) -> None:
        self._huey.storage.close()
