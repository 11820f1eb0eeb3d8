"""The tries of an executor: those under way, and how the others ended. For any thread."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from ..attempts.attempt import Ended, settlement_of
from ..attempts.running import Running
from ..backends.base import Claimed
from ..client.client import Client
from .base import Report

One = TypeVar("One", bound=Running)


class Tries(Generic[One]):
    """What its threads tell a worker; `on_event` is called when there is something new."""

    def __init__(self, client: Client, on_event: Callable[[], None]) -> None:
        self._client = client
        self._on_event = on_event
        self._lock = threading.Lock()
        self._running: dict[str, One] = {}
        self._ended: deque[Report] = deque()

    def begun(self, one: One) -> None:
        with self._lock:
            self._running[one.claim] = one

    def ended(self, claimed: Claimed, one: One, ended: Ended) -> None:
        """A try is over: the worker settles it."""
        settlement = settlement_of(self._client, one, ended)
        self._ended.append(Report(claimed, ended, settlement, one.elapsed))
        self.dropped(one)
        self._on_event()

    def dropped(self, one: One) -> None:
        """A try is not under way any more."""
        with self._lock:
            self._running.pop(one.claim, None)

    def running(self) -> list[One]:
        with self._lock:
            return list(self._running.values())

    def reports(self) -> list[Report]:
        """How those ended that have since the last call."""
        found: list[Report] = []
        while self._ended:
            found.append(self._ended.popleft())
        return found
