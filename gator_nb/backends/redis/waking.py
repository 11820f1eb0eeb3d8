"""Waking those who wait for a store: one connection and one thread a process, however many wait.

Every script that touches a topic publishes it at its end. While the thread has no connection,
listeners look at the store's version themselves.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from weakref import WeakSet, WeakValueDictionary

from redis import exceptions
from redis.connection import AbstractConnection

from ...errors import GatorError, StoreCorrupt
from ..base import OnEnds, Topic
from ..listening import Bell
from .address import Address
from .faults import not_allowed
from .locating import Way
from .messages import endings

Look = Callable[[], int]
"""Answers another number once somebody has written."""

_SLOWEST_LOOK = 1.0
"""Seconds between two looks at the store are at least this: looks are for the time of an outage."""

_log = logging.getLogger("gator_nb")

_PING_EVERY = 5.0
"""Seconds without a word after which the server is asked whether it is there."""

_PAUSES = (0.05, 0.1, 0.2, 0.5, 1.0)
_FIRST_WAIT = 2.0
_TOPICS: tuple[Topic, ...] = ("work", "news")


class Waking:
    """The listeners of a store in this process, whatever the number of its backends, and the thread
    that hears for them while there are any."""

    @classmethod
    def of(cls, address: Address) -> "Waking":
        """That of a store; the same as long as somebody has it."""
        with _registering:
            found = _by_address.get(address)
            if found is None:
                found = _by_address[address] = cls(address)
            return found

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._listeners: frozenset[RedisListener] = frozenset()
        self._ear: _Ear | None = None
        _all.add(self)

    def listen(
        self, topics: Iterable[Topic], nap_time: float, look: Look, on_ends: OnEnds | None
    ) -> "RedisListener":
        listener = RedisListener(self, frozenset(topics), look, nap_time, on_ends)
        with self._lock:
            self._listeners |= {listener}
            fresh = self._ear is None
            ear = self._ear = self._ear or _Ear(self._address, self.wake)
        if fresh:
            ear.connected.wait(_FIRST_WAIT)
        return listener

    def is_deaf(self) -> bool:
        ear = self._ear
        return ear is None or not ear.connected.is_set()

    def wake(self, topic: Topic, words: bytes = b"") -> None:
        for listener in self._listeners:
            if topic in listener.topics:
                listener.hear_words(words)

    def drop(self, listener: "RedisListener") -> None:
        with self._lock:
            self._listeners -= {listener}
            if self._listeners or self._ear is None:
                return
            ear, self._ear = self._ear, None
        ear.stop()

    def after_fork_in_child(self) -> None:
        """Thread, connection and listeners are the parent's."""
        self._lock = threading.Lock()
        self._listeners = frozenset()
        self._ear = None


class RedisListener(Bell):
    """One waiter of a store on a server."""

    def __init__(
        self,
        waking: Waking,
        topics: frozenset[Topic],
        look: Look,
        nap_time: float,
        on_ends: OnEnds | None,
    ) -> None:
        super().__init__(on_ends)
        self.topics = topics
        self._waking = waking
        self._look = look
        self._nap = max(nap_time, _SLOWEST_LOOK)
        self._seen: int | None = None
        self._looked = time.monotonic()

    def wait(self, timeout: float | None) -> bool:
        """Sleep until woken or for `timeout` seconds; True when woken."""
        limit = None if timeout is None else time.monotonic() + timeout
        while True:
            left = None if limit is None else max(0.0, limit - time.monotonic())
            nap = self._nap if left is None else min(left, self._nap)
            if super().wait(nap):
                return True
            if self._somebody_wrote():
                self._note()
                return True
            if limit is not None and time.monotonic() >= limit:
                return False

    def hear_words(self, words: bytes) -> None:
        """The store tells of one of its topics, in so many words or in none."""
        if not words or self.on_ends is None:
            self.hear()
            return
        try:
            found = list(endings(words))
        except (StoreCorrupt, TypeError, ValueError):  # not what a script of ours says
            self.hear()
        else:
            self.hear_ends(found)

    def close(self) -> None:
        self._waking.drop(self)

    def _somebody_wrote(self) -> bool:
        """Look at the store while nobody would tell; whether it was written since the last look."""
        if not self._waking.is_deaf():
            self._seen = None
            return False
        if time.monotonic() - self._looked < self._nap:
            return False
        self._looked = time.monotonic()
        try:
            found = self._look()
        except GatorError:
            return True  # whoever waits goes to the store next, and is told there
        known, self._seen = self._seen, found
        return known != found


class _Ear:
    """A thread that is subscribed to the topics of one store."""

    def __init__(self, address: Address, wake: Callable[[Topic, bytes], None]) -> None:
        self.connected = threading.Event()
        self._way = Way(address)
        self._wake = wake
        self._address = address
        self._told = False
        self._channels = {f"{{{address.store}}}:{topic}".encode(): topic for topic in _TOPICS}
        self._stopping = threading.Event()
        self._connection: AbstractConnection | None = None
        self._thread = threading.Thread(target=self._run, name="gator_nb listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread: the server's answer to this wakes it."""
        self._stopping.set()
        connection = self._connection
        if connection is not None and self.connected.is_set():
            with contextlib.suppress(exceptions.RedisError, OSError):
                connection.send_command("UNSUBSCRIBE")
        if self._thread is not threading.current_thread():
            self._thread.join(_PING_EVERY)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                self._connection = connection = self._way.connect(_PING_EVERY)
                for _ in self._messages(connection):
                    failures = 0
            except exceptions.NoPermissionError as error:
                failures += 1
                self._tell_once(error)
            except (exceptions.RedisError, GatorError, OSError):
                failures += 1
            self._stopping.wait(_PAUSES[min(failures, len(_PAUSES)) - 1] if failures else 0)

    def _tell_once(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            lacking = ["&"] if "channel" in str(error) else ["subscribe"]
            _log.warning(
                "%s; without it everybody who waits looks once a second",
                not_allowed(self._address, lacking),
            )

    def _messages(self, connection: AbstractConnection) -> Iterator[None]:
        """Subscribe, and take messages one after the other until told to stop."""
        try:
            connection.send_command("SUBSCRIBE", *self._channels)
            while not self._stopping.is_set():
                self._hear(connection)
                yield
        finally:
            self.connected.clear()
            connection.disconnect()

    def _hear(self, connection: AbstractConnection) -> None:
        """Take one message, or ask after the server when none comes for long."""
        if not connection.can_read(_PING_EVERY):
            connection.send_command("PING")
            if not connection.can_read(_PING_EVERY):
                raise exceptions.TimeoutError("the server does not answer a ping")
        kind, channel, *words = connection.read_response()
        if kind == b"message":
            self._wake(self._channels[channel], *words)
        elif kind == b"subscribe" and not self.connected.is_set():
            for topic in _TOPICS:  # what came while nobody heard
                self._wake(topic, b"")
            self.connected.set()


_all: WeakSet[Waking] = WeakSet()
_by_address: WeakValueDictionary[Address, Waking] = WeakValueDictionary()
_registering = threading.Lock()


def _after_fork_in_child() -> None:
    global _registering
    _registering = threading.Lock()
    for waking in _all:
        waking.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
