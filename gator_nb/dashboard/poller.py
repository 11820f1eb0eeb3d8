"""The one thread that follows a store for every session of this process.

It runs while somebody looks, is woken by the store, takes what has changed at least once a
second, and hands each session what it looks at. Everything that asks the store, a cancel too,
happens on it in chunks, so that a slow store never stalls a page, and a large job no session.
"""

import logging
import threading
import time
from collections import deque
from typing import Protocol

from ..backends.base import Backend, Listener
from ..errors import GatorError, StoreUnavailable
from .following import Following, Look, Sight
from .jobs import Desk, Job
from .store import open_shared, reopen_shared

_BEAT = 1.0
"""Seconds after which sessions hear that nothing has changed."""
_PAUSE = 0.2
"""Seconds between two steps: what changes faster is shown together."""
_RETRY_EVERY = 1.0
_PATIENCE = 1.0
"""Seconds that a store may be silent before the page says so, and not that it is dead itself."""
_WORK_FOR = 0.1
"""Seconds that jobs may take before everybody is shown what has changed."""

log = logging.getLogger("gator_nb.dashboard")


class Viewer(Protocol):
    """A session. Its methods are called on the poller's thread."""

    @property
    def look(self) -> Look: ...

    def see(self, sight: Sight) -> None:
        """Take what the look saw."""

    def lose(self, trouble: str) -> None:
        """The store cannot be shown just now, and why."""


class Poller:
    """Follows one store for all sessions of this process; see `poller_for`."""

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn
        self._lock = threading.Lock()
        self._viewers: list[Viewer] = []
        self._jobs: deque[Job] = deque()
        self._thread: threading.Thread | None = None
        self._listener: Listener | None = None
        self._woken = threading.Event()
        self._opened_before = False
        self._trouble = ""

    @property
    def running(self) -> bool:
        """Whether its thread is there; it is while somebody looks."""
        return self._thread is not None

    def attach(self, viewer: Viewer) -> None:
        """Begin to show the store to a session."""
        with self._lock:
            self._viewers.append(viewer)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="gator_nb dashboard", daemon=True
                )
                self._thread.start()
        self.wake()

    def detach(self, viewer: Viewer) -> None:
        """Stop showing it to that session. May be repeated."""
        with self._lock:
            if viewer in self._viewers:
                self._viewers.remove(viewer)
        self.wake()

    def wake(self) -> None:
        """Look again at once: a session looks at something else."""
        self._woken.set()
        listener = self._listener
        if listener is not None:
            listener.wake()

    def do(self, job: Job) -> None:
        """Do this on the poller's thread, beside what else is to be done."""
        self._jobs.append(job)
        self.wake()

    # -- the thread ------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._goes_on():
                try:
                    self._open_and_follow()
                except GatorError as error:
                    self._lose(error)
                    self._rest()
                except Exception as error:  # a page that stands still would be taken for the truth
                    log.exception("the dashboard failed, trying again")
                    self._lose(GatorError(f"the dashboard failed: {error!r}"))
                    self._rest()
        finally:
            with self._lock:
                if self._thread is threading.current_thread():
                    self._thread = None

    def _rest(self) -> None:
        self._woken.wait(_RETRY_EVERY)
        self._woken.clear()

    def _goes_on(self) -> bool:
        """Whether somebody looks; the thread that hears no is over."""
        with self._lock:
            if not self._viewers:
                self._thread = None
            return self._thread is not None

    def _open_and_follow(self) -> None:
        backend = reopen_shared(self.dsn) if self._opened_before else open_shared(self.dsn)
        self._opened_before = True
        backend.patience = min(_PATIENCE, backend.patience)
        try:
            listener = backend.listen(["news", "work"], nap_time=_PAUSE)
            try:
                self._listener = listener
                self._follow(backend, listener)
            finally:
                self._listener = None
                listener.close()
        finally:
            backend.close()

    def _follow(self, backend: Backend, listener: Listener) -> None:
        following = Following(backend)
        desk = Desk(backend, following)
        try:
            while viewers := self._viewers_now():
                self._woken.clear()
                self._work(desk)
                sights = following.step([viewer.look for viewer in viewers], time.monotonic())
                self._trouble = ""
                for viewer, sight in zip(viewers, sights, strict=True):
                    viewer.see(sight)
                if not self._jobs and not following.busy and not self._woken.wait(_PAUSE):
                    listener.wait(_BEAT - _PAUSE)
        finally:
            desk.close()

    def _viewers_now(self) -> list[Viewer]:
        with self._lock:
            return list(self._viewers)

    def _work(self, desk: Desk) -> None:
        """A chunk of each job in turn, for a short while."""
        until = time.monotonic() + _WORK_FOR
        while self._jobs and time.monotonic() < until:
            job = self._jobs.popleft()
            try:
                more = job.step(desk)
            except StoreUnavailable as error:
                job.fail(error)
                raise
            except GatorError as error:
                job.fail(error)
                continue
            if more:
                self._jobs.append(job)

    def _lose(self, error: GatorError) -> None:
        if str(error) != self._trouble:
            log.warning("the store cannot be shown, trying again: %s", error)
            self._trouble = str(error)
        while self._jobs:
            self._jobs.popleft().fail(error)
        for viewer in self._viewers_now():
            viewer.lose(str(error))


_pollers: dict[str, Poller] = {}
_pollers_lock = threading.Lock()


def poller_for(dsn: str) -> Poller:
    """The poller of this process for a store."""
    with _pollers_lock:
        return _pollers.setdefault(dsn, Poller(dsn))
