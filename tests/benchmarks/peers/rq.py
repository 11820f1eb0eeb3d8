"""rq, whose worker does not fork: its fastest."""

import redis
from rq import Queue as Line
from rq import SimpleWorker
from rq.job import Job

from ..work import add


class Queue:
    drained = 300

    def __init__(self, address: str) -> None:
        self._connection = redis.Redis.from_url(address)
        self._line = Line("bench", connection=self._connection)

    def push(self, count: int) -> None:
        for number in range(count):
            self._line.enqueue(add, number)

    def push_many(self, count: int) -> list[Job]:
        calls = [Line.prepare_data(add, (number,)) for number in range(count)]
        return self._line.enqueue_many(calls)

    def call(self) -> None:
        assert self._value(self._line.enqueue(add, 1)) == 6

    def gather(self, count: int) -> list[int]:
        return [self._value(job) for job in self.push_many(count)]

    def finished(self) -> int:
        return self._line.finished_job_registry.get_job_count(cleanup=False)

    def serve(self, slots: int) -> None:
        SimpleWorker([self._line], connection=self._connection).work(logging_level="ERROR")

    def close(self) -> None:
        self._connection.close()

    @staticmethod
    def _value(job: Job) -> int:
        result = job.latest_result(timeout=30)
        assert result is not None
        value: int = result.return_value
        return value
