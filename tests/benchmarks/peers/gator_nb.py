"""gator_nb itself, with closures."""

from gator_nb import SUCCESS, Gator, Worker

from ..work import closure


class Queue:
    drained = 3000

    def __init__(self, address: str) -> None:
        self.gator = Gator(f"{address}?store=bench" if address.startswith("redis") else address)
        self._closure = closure()

    def push(self, count: int) -> None:
        for number in range(count):
            self.gator.task(self._closure, number)

    def push_many(self, count: int) -> None:
        self.gator.map(self._closure, range(count))

    def call(self) -> None:
        assert self.gator.task(self._closure, 1).get(timeout=30) == 6

    def gather(self, count: int) -> list[int]:
        found: list[int] = self.gator.map(self._closure, range(count)).get(timeout=60)
        return found

    def finished(self) -> int:
        return sum(row.get(SUCCESS, 0) for row in self.gator.backend.counts().values())

    def serve(self, slots: int) -> None:
        kind = {"threads": slots} if slots > 0 else {"processes": -slots}
        Worker(self.gator, log_level=50, **kind).run_forever()  # type: ignore[arg-type]

    def close(self) -> None:
        self.gator.close()
