"""The way to the server: connections that threads share, and calls that survive a lost one."""

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from redis import exceptions
from redis.connection import AbstractConnection

from ...errors import StoreUnavailable
from .address import Address
from .faults import code_of, explanation, passes
from .locating import Way
from .scripts import script

PATIENCE = 15.0
"""Seconds that a call goes on trying while the server cannot be reached."""

_OUTAGE = 2.0
"""Seconds without the server after which it may be the server, not a worker, that was silent."""

_TIMEOUT = 10.0
"""Seconds to wait for an answer: a server that writes to a slow disk takes its time."""

_CLOCK_HOLDS = 5.0
"""Seconds."""

_PAUSES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0)

_log = logging.getLogger("gator_nb")


class _Clock(NamedTuple):
    """What is known of the server's clock."""

    asked: float
    ahead: float
    """Seconds, of our monotonic one."""


class Server:
    """One server for all threads of a process; a fork gets connections of its own.

    Attributes:
        patience: seconds that a call goes on trying.
        outages: how often it was out of reach for a while and came back.
        presences: what `register` was told of each presence of this process: a store that came
            back without one is told again before anything else.
        is_open: whether the store is known to be there; then it is told of each new connection.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self.patience = PATIENCE
        self.outages = 0
        self.presences: dict[str, Sequence[str]] = {}
        self.is_open = False
        self._way = Way(address)
        self._prefix = f"{{{address.store}}}:".encode()
        self._idle: list[AbstractConnection] = []
        self._owner = os.getpid()
        self._closed = threading.Event()
        self._silent_since: float | None = None
        self._told = False
        """Its silence was logged."""
        self._clock: _Clock | None = None

    def run(
        self, verb: str, *args: object, again: Sequence[object] | None = None, patient: bool = True
    ) -> Any:
        """Run the script of a verb, more than once when its reply is lost: verbs can be repeated.

        `again` are the arguments of a repetition, where they are others.
        """

        def once(connection: AbstractConnection) -> Any:
            return self._evaluate(connection, verb, *args)

        def repeat() -> None:
            nonlocal args
            args = args if again is None else tuple(again)

        return self._persist(once, repeat, patient=patient)

    def command(self, *args: object, patient: bool = True) -> Any:
        """Run one command that reads."""

        def once(connection: AbstractConnection) -> Any:
            connection.send_command(*args)
            return connection.read_response()

        return self._persist(once, lambda: None, patient=patient)

    def now(self) -> float:
        """The server's time, by our own clock since it was last asked: a worker that only waits
        for the time to come need not ask for it over and over.

        It is late by as long as the answer took, and never ahead: what is due now is due there."""
        clock = self._clock
        if clock is None or time.monotonic() - clock.asked > _CLOCK_HOLDS:
            seconds, micros = self.command("TIME")
            there, here = float(b"%b.%06d" % (seconds, int(micros))), time.monotonic()
            clock = self._clock = _Clock(here, there - here)
        return time.monotonic() + clock.ahead

    def close(self) -> None:
        self._closed.set()
        self._drop_idle()

    def _evaluate(self, connection: AbstractConnection, verb: str, *args: object) -> Any:
        wanted = script(verb)
        try:
            connection.send_command(b"EVALSHA", wanted.sha, 1, self._prefix, *args)
            return connection.read_response()
        except exceptions.NoScriptError:
            connection.send_command(b"EVAL", wanted.source, 1, self._prefix, *args)
            return connection.read_response()

    def _persist(
        self,
        once: Callable[[AbstractConnection], Any],
        repeat: Callable[[], None],
        *,
        patient: bool,
    ) -> Any:
        started, tries = time.monotonic(), 0
        while True:
            try:
                with self._connection() as connection:
                    answer = once(connection)
                self._note_answer(started)
                return answer
            except exceptions.RedisError as error:
                tries += 1
                if passes(error, self.address) and self._silent_since is None:
                    self._silent_since = started
                late = time.monotonic() - started > self.patience
                hopeless = not (patient or code_of(error) == "LOADING")
                if code_of(error) == "EMPTIED":
                    self._drop_idle()  # the next connection arrives in what is made in its place
                if late or hopeless or not passes(error, self.address):
                    # Without its frames: a traceback with variables would find the password there.
                    raise explanation(self.address, error) from error.with_traceback(None)
                self._wait(tries, error)
                repeat()

    def _wait(self, tries: int, error: Exception) -> None:
        # The other connections are as dead; the first new one is tried at once.
        self._drop_idle()
        if tries == 2 and not self._told:
            self._told = True
            _log.warning("%s: lost contact (%s); trying again", self.address, error)
        self._closed.wait(_PAUSES[min(tries, len(_PAUSES)) - 1])

    def _note_answer(self, asked: float) -> None:
        """Calls may have given up since its last answer; an answer may also have been long."""
        silent_since, self._silent_since = self._silent_since, None
        seconds = time.monotonic() - (asked if silent_since is None else silent_since)
        if seconds > _OUTAGE:
            self.outages += 1
        if self._told and silent_since is not None:
            self._told = False
            _log.warning("%s: in contact again after %.1f s", self.address, seconds)

    @contextmanager
    def _connection(self) -> Iterator[AbstractConnection]:
        if self._closed.is_set():
            raise StoreUnavailable(f"{self.address} was closed here: open it again")
        if self._owner != os.getpid():
            self._idle, self._owner = [], os.getpid()
        try:
            connection, fresh = self._idle.pop(), False
        except IndexError:
            connection, fresh = self._way.connect(_TIMEOUT), True
        try:
            if fresh:
                self._clock = None  # another server's may differ
            if fresh and self.is_open:
                known = json.dumps([*self.presences.values()])
                self._evaluate(connection, "arrive", "", known)
            yield connection
        except exceptions.ResponseError:
            self._idle.append(connection)  # an answer, if not a welcome one
            raise
        except BaseException:
            connection.disconnect()
            raise
        self._idle.append(connection)
        if self._closed.is_set():
            self._drop_idle()

    def _drop_idle(self) -> None:
        while self._idle:
            try:
                self._idle.pop().disconnect()
            except IndexError:  # another thread has just taken the last
                return
