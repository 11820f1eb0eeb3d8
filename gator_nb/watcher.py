"""The one thread of a client that follows the store: for waits, for whoever subscribes, and for
tasks that this process runs outside of a worker.

It runs only while somebody needs it, is woken by the store rather than polling it, and asks only
for what has changed.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from .backends.base import Answer, Backend, Beat
from .constants import RENEW_EVERY
from .errors import GatorError, TaskNotFound
from .record import Record

_REAP_EVERY = 0.7
"""Seconds: a dead worker is found within two, with time left for the reap itself."""

Interrupt = Callable[[Literal["cancel", "lost"]], None]
Subscriber = Callable[[list[Record]], None]


class _Waiter:
    """Somebody who waits for tasks to end."""

    def __init__(self, ids: Iterable[str]) -> None:
        self.open = set(ids)
        self.fresh: list[Record] = []
        self.error: GatorError | None = None
        self.event = threading.Event()

    def see(self, records: Iterable[Record | None]) -> None:
        for record in records:
            if record is not None and record.done and record.id in self.open:
                self.open.discard(record.id)
                self.fresh.append(record)
        if self.fresh:
            self.event.set()

    def fail(self, error: GatorError) -> None:
        self.error = error
        self.event.set()


class Watcher:
    """Follows one store for one process."""

    def __init__(self, backend: Backend, session: str, reap: Callable[[], object]) -> None:
        self._backend = backend
        self._session = session
        self._reap = reap
        self._lock = threading.RLock()
        self._waiters: set[_Waiter] = set()
        self._subscribers: set[Subscriber] = set()
        self._minded: dict[str, tuple[Beat, Interrupt]] = {}
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()
        self._listening = threading.Event()
        self._wake: Callable[[], None] = lambda: None
        self._cursor: int | None = None

    # -- for those who wait ----------------------------------------------------------------

    def ended(self, ids: Iterable[str], timeout: float | None = None) -> Iterator[Record]:
        """The records of these tasks as they end, until all have; stops early at the timeout.

        Raises:
            TaskNotFound: one of them is not in the store.
            StoreUnavailable: the store went away.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        waiter = _Waiter(ids)
        yield from self._first_look(waiter)
        if not waiter.open:
            return
        with self._serving(self._waiters, waiter):
            yield from self._first_look(waiter)
            while waiter.open:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return
                waiter.event.wait(left)
                waiter.event.clear()
                if waiter.error is not None:
                    raise waiter.error
                fresh, waiter.fresh = waiter.fresh, []
                yield from fresh

    def _first_look(self, waiter: _Waiter) -> Iterator[Record]:
        ids = list(waiter.open)
        records = self._backend.get(ids)
        missing = [task_id for task_id, record in zip(ids, records, strict=True) if record is None]
        if missing:
            raise TaskNotFound(f"no task has the id {missing[0]!r} in {self._backend.conn_string}")
        with self._lock:
            waiter.see(records)
            fresh, waiter.fresh = waiter.fresh, []
            waiter.event.clear()
        yield from fresh

    @contextmanager
    def subscribed(self, subscriber: Subscriber) -> Iterator[None]:
        """While it is open, `subscriber` is called on the watcher's thread with what changed."""
        with self._serving(self._subscribers, subscriber):
            yield

    # -- for what this process runs by itself ------------------------------------------------

    @contextmanager
    def minding(self, record: Record, interrupt: Interrupt) -> Iterator[None]:
        """While it is open, keep the claim on `record` alive and pass a request to stop on."""
        beat = Beat(record.id, record.claim or "", begun=True)
        self._start()
        with self._lock:
            self._minded[record.id] = (beat, interrupt)
        try:
            yield
        finally:
            with self._lock:
                self._minded.pop(record.id, None)

    # -- the thread --------------------------------------------------------------------------

    @contextmanager
    def _serving(self, served: set[Any], one: object) -> Iterator[None]:
        self._start()
        with self._lock:
            served.add(one)
        self._wake()
        try:
            yield
        finally:
            with self._lock:
                served.discard(one)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._closing.clear()
                self._listening.clear()
                self._thread = threading.Thread(
                    target=self._run, name="gator_nb watcher", daemon=True
                )
                self._thread.start()
        self._listening.wait()

    def _run(self) -> None:
        listener = self._backend.listen(["news"])
        self._wake = listener.wake
        try:
            self._listening.set()
            reaped = beaten = 0.0
            while not self._closing.is_set():
                listener.wait(_REAP_EVERY if self._needed() else None)
                if not self._needed():
                    self._cursor = None  # what changes meanwhile is nobody's business
                    continue
                self._guarded(self._pass_on_changes)
                now = time.monotonic()
                if now - reaped >= _REAP_EVERY:
                    reaped = now
                    self._guarded(self._reap)
                if self._minded and now - beaten >= min(_REAP_EVERY, RENEW_EVERY):
                    beaten = now
                    self._guarded(self._beat)
        except GatorError as error:
            self._fail_waiters(error)
        finally:
            self._listening.set()
            self._wake = lambda: None
            listener.close()

    def _needed(self) -> bool:
        with self._lock:
            return bool(self._waiters or self._subscribers or self._minded)

    def _guarded(self, step: Callable[[], object]) -> None:
        """A store that fails is told to those who wait; the watcher goes on."""
        try:
            step()
        except GatorError as error:
            self._fail_waiters(error)

    def _fail_waiters(self, error: GatorError) -> None:
        with self._lock:
            for waiter in self._waiters:
                waiter.fail(error)

    def _pass_on_changes(self) -> None:
        while True:
            changes = self._backend.changes(self._cursor)
            self._cursor = changes.cursor
            records: list[Record | None] = list(changes.records)
            if changes.reset:
                records = self._backend.get(self._awaited())
            with self._lock:
                for waiter in self._waiters:
                    waiter.see(records)
                subscribers = list(self._subscribers)
            for subscriber in subscribers:
                subscriber([record for record in records if record is not None])
            if not changes.records:
                return

    def _awaited(self) -> list[str]:
        with self._lock:
            return [task_id for waiter in self._waiters for task_id in waiter.open]

    def _beat(self) -> None:
        with self._lock:
            minded = list(self._minded.values())
        if not minded:
            return
        answers = self._backend.renew(self._session, [beat for beat, _ in minded])
        for (_, interrupt), answer in zip(minded, answers, strict=True):
            if answer is not Answer.KEPT:
                interrupt("cancel" if answer is Answer.CANCEL else "lost")

    def close(self) -> None:
        """Stop the thread and wait for it. May be repeated."""
        self._closing.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            self._wake()
            thread.join()
