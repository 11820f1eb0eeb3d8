"""gator_nb itself, with closures."""

from gator_nb import SUCCESS, Gator, Worker

from ..memory import closure


class Queue:
    drained = 3000

    def __init__(self, port: int, db: int) -> None:
        self.gator = Gator(f"redis://127.0.0.1:{port}/{db}?store=bench")
        self._closure = closure()

    def push(self, count: int) -> None:
        for number in range(count):
            self.gator.task(self._closure, number)

    def push_many(self, count: int) -> None:
        self.gator.map(self._closure, range(count))

    def call(self) -> None:
        assert self.gator.task(self._closure, 1).get(timeout=30) == 6

    def finished(self) -> int:
        return sum(row.get(SUCCESS, 0) for row in self.gator.backend.counts().values())

    def serve(self) -> None:
        Worker(self.gator, threads=1, log_level=50).run_forever()

    def close(self) -> None:
        self.gator.close()
