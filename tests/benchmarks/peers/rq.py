"""rq, whose worker does not fork: its fastest."""

import redis
from rq import Queue as Line
from rq import SimpleWorker

from . import add


class Queue:
    drained = 300

    def __init__(self, port: int, db: int) -> None:
        self._connection = redis.Redis(port=port, db=db)
        self._line = Line("bench", connection=self._connection)

    def push(self, count: int) -> None:
        for number in range(count):
            self._line.enqueue(add, number)

    def call(self) -> None:
        result = self._line.enqueue(add, 1).latest_result(timeout=30)
        assert result is not None
        assert result.return_value == 6

    def finished(self) -> int:
        return self._line.finished_job_registry.get_job_count(cleanup=False)

    def serve(self) -> None:
        SimpleWorker([self._line], connection=self._connection).work(logging_level="ERROR")

    def close(self) -> None:
        self._connection.close()
