"""huey: on Redis its consumer blocks on a list, on SQLite it polls, each millisecond here."""

from huey import RedisHuey, SqliteHuey

from ..work import add


class Queue:
    drained = 1200

    def __init__(self, address: str) -> None:
        on_redis = address.startswith("redis")
        path = address.removeprefix("sqlite:///")
        self._huey = RedisHuey("bench", url=address) if on_redis else SqliteHuey(filename=path)
        self._add = self._huey.task(name="add")(add)

    def push(self, count: int) -> None:
        for number in range(count):
            self._add(number)

    def call(self) -> None:
        assert self._value(self._add(1)) == 6

    def gather(self, count: int) -> list[int]:
        results = [self._add(number) for number in range(count)]
        return [self._value(one) for one in results]

    def finished(self) -> int:
        count: int = self._huey.storage.result_store_size()
        return count

    def serve(self, slots: int) -> None:
        consumer = self._huey.create_consumer(
            workers=slots, periodic=False, initial_delay=0.001, max_delay=0.001, backoff=1
        )
        consumer.run()

    def close(self) -> None:
        self._huey.storage.close()

    @staticmethod
    def _value(result) -> int:  # type: ignore[no-untyped-def]
        value: int = result.get(blocking=True, timeout=30, backoff=1, max_delay=0.001)
        return value
