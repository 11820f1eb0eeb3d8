"""The one thread of a client that follows the store: for waits, for whoever subscribes, and for
tasks that this process runs outside of a worker.

It runs only while somebody needs it, is woken by the store rather than polling it, and asks only
for what has changed.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Literal

from ..backends.base import Answer, Backend, Beat, Ending, Listener
from ..errors import GatorError, StoreUnavailable, TaskNotFound
from ..record import Record
from .here import slice_of, waiting
from .waiter import Pushes, Waiter

_CHANGES = 1000
"""Records that are asked for at a time."""
_REAP_EVERY = 0.7
"""Seconds: a dead worker is found within two, with time left for the reap itself. As often the
claims of what runs here are renewed, and requests to stop are heard."""

_PATIENCE = 120.0
"""Seconds of a store that may be back soon which whoever waits is spared: it restarts, say."""

_AT_HAND = 5.0
"""Seconds for which the thread looks round after the last that needed it."""

Interrupt = Callable[[Literal["cancel", "lost"]], None]
Subscriber = Callable[[list[Record]], None]


class Watcher:
    """Follows one store for one process."""

    def __init__(self, backend: Backend, session: str, reap: Callable[[], object]) -> None:
        self._backend = backend
        self._session = session
        self._reap = reap
        self._lock = threading.RLock()
        self._waiting: dict[str, set[Waiter]] = {}
        self._subscribers: set[Subscriber] = set()
        self._minded: dict[str, tuple[Beat, Interrupt]] = {}
        self._thread: threading.Thread | None = None
        self._closed = False
        self._wake: Callable[[], None] = lambda: None
        self._asleep = False
        """The thread sleeps until it is woken."""
        self._pushes = Pushes(None)
        self._cursor: int | None = None
        self._away_since: float | None = None
        self._needed_at = 0.0

    # -- for those who push ----------------------------------------------------------------

    @contextmanager
    def pushing(self, ids: Iterable[str]) -> Iterator[None]:
        """Around a push of these tasks: who waits for them next need not look whether they have
        ended, unless the store has told of something meanwhile."""
        pushes = self._pushes
        before = pushes.heard()
        yield
        pushes.note(ids, before)

    # -- for those who wait ----------------------------------------------------------------

    def ended(self, ids: Iterable[str], timeout: float | None = None) -> Iterator[Ending]:
        """These tasks as they end, until all have; stops early at the timeout.

        Raises:
            TaskNotFound: one of them is not in the store.
            StoreUnavailable: the store went away, or was closed here.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        waiter = Waiter(ids)
        if self._thread is None:  # for what has ended already no thread is needed
            self._look_up(waiter)
            yield from waiter.take(0)
            if waiter.finished:
                return
        with self._served(waiter):
            if not self._pushes.are_open(waiter.ids):
                self._look_up(waiter)
            while not waiter.finished:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                with waiting():
                    fresh = waiter.take(slice_of(left))
                yield from fresh
                if left == 0 and not fresh:
                    return

    def _look_up(self, waiter: Waiter) -> None:
        ids = list(waiter.open)
        records = self._backend.get(ids)
        missing = [task_id for task_id, record in zip(ids, records, strict=True) if record is None]
        if missing:
            raise TaskNotFound(f"no task has the id {missing[0]!r} in {self._backend.conn_string}")
        waiter.see(_endings(records))

    @contextmanager
    def _served(self, waiter: Waiter) -> Iterator[None]:
        self._add(waiter)
        try:
            yield
        finally:
            self.remove(waiter)

    def add(self, waiter: Waiter) -> None:
        """Let `waiter` see its tasks end, those that have ended too, until it is removed.

        Raises:
            TaskNotFound, StoreUnavailable: as `ended`; then it is not added.
        """
        self._add(waiter)
        try:
            self._look_up(waiter)
        except BaseException:
            self.remove(waiter)
            raise

    def _add(self, waiter: Waiter) -> None:
        with self._lock:
            self._start()
            for task_id in waiter.ids:
                self._waiting.setdefault(task_id, set()).add(waiter)
            self._rouse()

    def remove(self, waiter: Waiter) -> None:
        """Let it go."""
        with self._lock:
            for task_id in waiter.ids:
                others = self._waiting.get(task_id, set())
                others.discard(waiter)
                if not others:
                    self._waiting.pop(task_id, None)

    @property
    def closed(self) -> bool:
        """Nothing is followed here any more."""
        return self._closed

    @contextmanager
    def subscribed(self, subscriber: Subscriber) -> Iterator[None]:
        """While it is open, `subscriber` is called on the watcher's thread with what changed."""
        with self._lock:
            self._start()
            self._subscribers.add(subscriber)
        self._wake()
        try:
            yield
        finally:
            with self._lock:
                self._subscribers.discard(subscriber)

    # -- for what this process runs by itself ------------------------------------------------

    @contextmanager
    def minding(self, record: Record, interrupt: Interrupt) -> Iterator[None]:
        """While it is open, keep the claim on `record` alive and pass a request to stop on."""
        beat = Beat(record.id, record.claim or "", begun=True)
        with self._lock:
            self._start()
            self._minded[record.id] = (beat, interrupt)
            self._rouse()
        try:
            yield
        finally:
            with self._lock:
                self._minded.pop(record.id, None)

    # -- the thread --------------------------------------------------------------------------

    def _start(self) -> None:
        """Have the thread running; whoever calls holds the lock."""
        if self._closed:
            raise StoreUnavailable(f"{self._backend.conn_string} was closed here: open it anew")
        if self._thread is None or not self._thread.is_alive():
            listener = self._backend.listen(["news"], on_ends=self._pass_on)
            self._wake = listener.wake
            self._pushes = Pushes(listener)
            self._thread = threading.Thread(
                target=self._run, args=(listener,), name="gator_nb watcher", daemon=True
            )
            self._thread.start()

    def _run(self, listener: Listener) -> None:
        try:
            self._follow(listener)
        except BaseException as error:
            self._fail_waiters(GatorError(f"watching the store failed: {error!r}"))
            raise
        finally:
            listener.close()

    def _follow(self, listener: Listener) -> None:
        looked_round = 0.0
        while not self._closed:
            listener.wait(self._nap())
            if not self._needed():
                self._cursor = None  # what changes meanwhile is nobody's business
                continue
            self._guarded(self._pass_on_changes)
            now = time.monotonic()
            if now - looked_round >= _REAP_EVERY:
                looked_round = now
                self._guarded(self._beat)
                self._guarded(self._reap)
                self._guarded(self._wonder)

    def _nap(self) -> float | None:
        """How long to sleep when nothing wakes the thread: it stays at hand for a while, so that
        who waits again soon need not wake it."""
        now = time.monotonic()
        with self._lock:
            if self._needed():
                self._needed_at = now
            self._asleep = not self._closed and now - self._needed_at > _AT_HAND
            return None if self._asleep else _REAP_EVERY

    def _rouse(self) -> None:
        """Let the thread look round from now on; whoever calls holds the lock."""
        if self._asleep:
            self._asleep = False
            self._wake()

    def _needed(self) -> bool:
        return bool(self._waiting or self._subscribers or self._minded) and not self._closed

    def _guarded(self, step: Callable[[], object]) -> None:
        """A store that fails is told to those who wait, unless it may be back soon; the watcher
        goes on."""
        try:
            step()
        except GatorError as error:
            now = time.monotonic()
            self._away_since = since = self._away_since or now
            passing = isinstance(error, StoreUnavailable) and error.passing
            if not passing or now - since > _PATIENCE:
                self._fail_waiters(error)

    def _waiters(self) -> set[Waiter]:
        with self._lock:
            return {waiter for several in self._waiting.values() for waiter in several}

    def _fail_waiters(self, error: GatorError) -> None:
        for waiter in self._waiters():
            waiter.fail(error)

    def _wonder(self) -> None:
        for waiter in self._waiters():
            waiter.wonder(self._backend)

    def _pass_on(self, endings: Iterable[Ending]) -> bool:
        """Tell those who wait of ends, on whichever thread heard of them; whether these are all
        who need to know. The thread meets them among the changes, some time, and tells nobody
        twice."""
        with self._lock:
            for ending in endings:
                for waiter in self._waiting.get(ending.record.id, ()):
                    waiter.see([ending])
            return not self._subscribers

    def _pass_on_changes(self) -> None:
        while True:
            changes = self._backend.changes(self._cursor, limit=_CHANGES)
            self._away_since = None
            self._cursor = changes.cursor
            records = changes.records
            if changes.reset:
                records = self._read_anew()
            with self._lock:
                self._pass_on(_endings(records))
                subscribers = list(self._subscribers)
            for subscriber in subscribers:
                subscriber(records)
            if len(changes.records) < _CHANGES and not changes.reset:
                return

    def _read_anew(self) -> list[Record]:
        """The tasks that are waited for; who waits for one that was removed is told."""
        with self._lock:
            ids = list(self._waiting)
        records: list[Record] = []
        for task_id, record in zip(ids, self._backend.get(ids), strict=True):
            if record is not None:
                records.append(record)
                continue
            error = TaskNotFound(f"task {task_id} was removed while somebody waited for it")
            with self._lock:
                for waiter in self._waiting.get(task_id, ()):
                    waiter.fail(error)
        return records

    def _beat(self) -> None:
        with self._lock:
            minded = list(self._minded.values())
        if not minded:
            return
        answers = self._backend.renew(self._session, [beat for beat, _ in minded])
        for (_, interrupt), answer in zip(minded, answers, strict=True):
            if answer is not Answer.KEPT:
                interrupt("lost" if answer is Answer.LOST else "cancel")

    def close(self) -> None:
        """Stop the thread and wait for it; who still waits is told. May be repeated."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        self._fail_waiters(
            StoreUnavailable(
                f"{self._backend.conn_string} was closed here while a task was awaited"
            )
        )
        if thread is not None and thread is not threading.current_thread():
            self._wake()
            thread.join()


def _endings(records: Iterable[Record | None]) -> Iterator[Ending]:
    return (Ending(record) for record in records if record is not None and record.done)
