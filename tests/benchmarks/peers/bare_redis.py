"""The bare chain of the parts: cloudpickle, HMAC, one script to push, one to claim, one to settle.

A record and an envelope for each task, a line by rank, and a word to who waits; nothing to list,
to retry, to cancel or to recover by.
"""

import hmac
import os
import pickle
from collections.abc import Callable, Sequence
from typing import Any

import cloudpickle
import redis

from ..work import closure

_KEY = b"k" * 32
_MAC = 32
_BATCH = 100

_PUSH = """
for i = 1, #ARGV, 2 do
    local seq = redis.call('INCR', KEYS[1] .. 'seq')
    redis.call('HSET', KEYS[1] .. 't:' .. ARGV[i], 'status', 0, 'seq', seq, 'queue', 'all')
    redis.call('SET', KEYS[1] .. 'e:' .. ARGV[i], ARGV[i + 1])
    redis.call('ZADD', KEYS[1] .. 'ready', seq, ARGV[i])
end
redis.call('PUBLISH', KEYS[1] .. 'work', '')
"""

_CLAIM = """
local popped, found = redis.call('ZPOPMIN', KEYS[1] .. 'ready', ARGV[1]), {}
for i = 1, #popped, 2 do
    redis.call('HSET', KEYS[1] .. 't:' .. popped[i], 'status', 6, 'worker', ARGV[2])
    found[i], found[i + 1] = popped[i], redis.call('GET', KEYS[1] .. 'e:' .. popped[i])
end
return found
"""

_SETTLE = """
for i = 1, #ARGV, 2 do
    redis.call('HSET', KEYS[1] .. 't:' .. ARGV[i], 'status', 1)
    redis.call('SET', KEYS[1] .. 'o:' .. ARGV[i], ARGV[i + 1])
end
redis.call('INCRBY', KEYS[1] .. 'ended', #ARGV / 2)
redis.call('PUBLISH', KEYS[1] .. 'news', '')
"""


class Queue:
    drained = 5000

    def __init__(self, address: str) -> None:
        self._client = redis.Redis.from_url(address)
        self._push, self._claim, self._settle = (
            self._client.register_script(source) for source in (_PUSH, _CLAIM, _SETTLE)
        )
        self._prefix = "bare:"
        self._closure = closure()
        self._ear = self._client.pubsub(ignore_subscribe_messages=True)

    def push(self, count: int) -> None:
        for number in range(count):
            self._run(self._push, self._packed(number))

    def push_many(self, count: int) -> list[str]:
        packed = [self._packed(number) for number in range(count)]
        self._run(self._push, [part for one in packed for part in one])
        return [task_id for task_id, _ in packed]

    def call(self) -> None:
        assert self.gather(1) == [5]

    def gather(self, count: int) -> list[int]:
        self._listen("news")
        keys = [f"{self._prefix}o:{task_id}" for task_id in self.push_many(count)]
        while self._client.exists(keys[-1]) == 0:
            self._ear.get_message(timeout=30)
        return [opened(data) for data in self._client.mget(keys)]

    def finished(self) -> int:
        return int(self._client.get(f"{self._prefix}ended") or 0)

    def serve(self, slots: int) -> None:
        self._listen("work")
        while True:
            while found := self._run(self._claim, [_BATCH, "worker"]):
                done: list[str | bytes] = []
                for task_id, envelope in zip(found[::2], found[1::2], strict=True):
                    function, args = opened(envelope)
                    done += (task_id, signed(function(*args)))
                self._run(self._settle, done)
            self._ear.get_message(timeout=30)

    def close(self) -> None:
        self._ear.close()
        self._client.close()

    def _packed(self, number: int) -> tuple[str, bytes]:
        return os.urandom(16).hex(), signed((self._closure, (number,)), cloudpickle.dumps)

    def _run(self, script, args: Sequence[object]):  # type: ignore[no-untyped-def]
        return script(keys=[self._prefix], args=args)

    def _listen(self, topic: str) -> None:
        if not self._ear.subscribed:
            self._ear.subscribe(self._prefix + topic)
            self._ear.get_message(timeout=30)


def signed(value: object, dumps: Callable[[object], bytes] = pickle.dumps) -> bytes:
    """The pickle of a value behind its signature."""
    data = dumps(value)
    return hmac.digest(_KEY, data, "sha256") + data


def opened(data: bytes) -> Any:
    """What was signed so."""
    assert hmac.compare_digest(hmac.digest(_KEY, data[_MAC:], "sha256"), data[:_MAC])
    return pickle.loads(data[_MAC:])
