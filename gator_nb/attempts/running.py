"""A try: one run of one claim, as seen by the code in it and by who watches and stops it."""

import json
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal, Protocol, cast

from ..backends.base import Answer
from ..boundary import in_users_code
from ..client.depot import Depot
from ..client.here import TRY
from ..output.rich_output import Display
from ..output.routing import Sink
from ..record import Record
from .striking import strike, take_back

if TYPE_CHECKING:
    from ..tasks.task import Task

Cause = Literal["cancel", "kill", "timeout", "lost", "stop"]
"""Why code is interrupted: somebody canceled it, or wants it killed at once; it is over its time;
its claim went to another worker; or its worker is being stopped."""

_C_CODE_AFTER = 1.0
"""Seconds after an interruption when code that still runs must be outside of Python."""

MAX_POINTS = 1000
"""Points that a metric keeps; past that every second one is dropped and the pace halves."""


class Interrupted(BaseException):
    """Raised inside user code that is to stop. Catch it to clean up, and raise it again."""

    def __init__(self, *args: object) -> None:
        one = current_try()
        if one is not None:
            one.landed = True
            args = args or (one.cause,)
        super().__init__(*args)


class Running(ABC):
    """One run of one claim, as seen by who watches it; its code may be in another process."""

    def __init__(self, record: Record, *, tee: bool = False) -> None:
        self.record = record
        self.claim = record.claim or ""
        self.began = time.monotonic()
        self.cause: Cause | None = None
        self.asked_at = 0.0
        """When it was first interrupted; monotonic, as `began`."""
        self.timeout: float | None = None
        self.backoff = 0.0
        """Seconds before its first retry."""
        self.paused = False
        """Its code waits for another task, and takes no slot."""
        self.sink = Sink(tee=tee)

    @property
    def told(self) -> bool:
        """There is progress, a metric or output that nobody has taken."""
        return self.sink.told

    @told.setter
    def told(self, told: bool) -> None:
        self.sink.told = told

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def limit(self, timeout: float | None, backoff: float = 0.0) -> None:
        """Set how many seconds it may take, and those before its first retry."""
        self.timeout, self.backoff = timeout, backoff

    def overdue(self) -> float | None:
        """Seconds that it is over its time; negative while there is some left, None without end."""
        return None if self.timeout is None else self.elapsed - self.timeout

    def asked(self, cause: Cause) -> None:
        """Note why it is to stop; the first reason stays."""
        if self.cause is None:
            self.cause, self.asked_at = cause, time.monotonic()

    def stopped_words(self) -> str:
        """How long it took to stop."""
        return f"stopped {time.monotonic() - self.asked_at:.1f} s later"

    @abstractmethod
    def step(self) -> str | None:
        """How far its stopping has come, in words for people; None before it was asked."""

    @abstractmethod
    def progress_text(self) -> str | None:
        """What `Record.progress` is to be; None when nothing was told."""

    @abstractmethod
    def metrics_text(self) -> str | None:
        """What `Record.metrics` is to be; None when there is none."""


class Keeper(Protocol):
    """Keeps the checkpoints of tries; a client does."""

    @property
    def depot(self) -> Depot | None:
        """The way of large values to the store; None where there is none."""

    def save(self, record: Record, claim: str, payload: bytes, /) -> Answer:
        """Keep a pickled checkpoint."""

    def saved(self, task_id: str, /) -> bytes | None:
        """The pickled checkpoint that a task goes on from."""


class Try(Running):
    """One run of one claim in this process, as seen by the code in it too."""

    def __init__(
        self,
        record: Record,
        keeper: Keeper | None,
        *,
        tee: bool = False,
        on_pause: Callable[["Try"], object] = lambda _: None,
    ) -> None:
        super().__init__(record, tee=tee)
        self._keeper = keeper
        self._on_pause = on_pause
        self.task: Task | None = None
        self.environment: dict[str, Any] | None = None
        """What its call was pushed with."""
        self.landed = False
        """The code has seen its interruption: what still runs is no C code, it cleans up."""
        self.bar: Any = None
        """The outermost bar in it, of tqdm or rich."""
        self.loops: list[Callable[[], object]] = []
        """How to cancel what it awaits."""
        self._progress: str | None = None
        self._first: tuple[float, float] | None = None
        """What was done at its first report, and when."""
        self._metrics: dict[str, _Series] = {}
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._struck = False
        self._told_here = False
        """Its thread was stopped at a report."""

    # -- for the code in it ------------------------------------------------------------------

    def tell(
        self, done: float, total: float | None, message: str | None, metrics: dict[str, float]
    ) -> None:
        """Take a report of progress, and stop here when that was asked for."""
        self.note(done, total, message, metrics)
        self.check()

    def check(self) -> None:
        """Stop here when that was asked for.

        Raises:
            Interrupted
        """
        if self.cause is not None:
            self._told_here |= self.is_here()
            raise Interrupted(self.cause)

    def check_once(self) -> None:
        """The same, unless it has been told: it may be cleaning up.

        Raises:
            Interrupted
        """
        if not (self._struck or self._told_here):
            self.check()

    def note(
        self, done: float, total: float | None, message: str | None, metrics: dict[str, float]
    ) -> None:
        """Take a report of progress."""
        at = round(time.monotonic() - self.began, 3)
        told: dict[str, Any] = {
            "done": _plain(done),
            "total": None if total is None else _plain(total),
            "message": None if message is None else str(message),
        }
        self._first = self._first or (told["done"], at)
        if self._first[0]:  # it goes on from where another try was
            told["since"] = self._first
        self._progress = json.dumps(told)
        for name, value in metrics.items():
            self._metrics.setdefault(name, _Series()).add(at, value)
        self.told = True

    def is_here(self) -> bool:
        """Whether this thread is the one that an interruption strikes."""
        return self._thread == threading.get_ident()

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Around a wait for another task: whoever runs this one may run more meanwhile."""
        if self.paused:  # a wait within a wait, in another of its threads
            yield
            self.check()
            return
        self.paused = True
        self._on_pause(self)
        try:
            yield
        finally:
            self.paused = False
            self._on_pause(self)
        self.check()

    @property
    def depot(self) -> Depot | None:
        """The way of large values to the store; None where there is none."""
        return None if self._keeper is None else self._keeper.depot

    def show(self, shown: Display) -> None:
        """Put a figure, a table or the like into the log."""
        self.sink.show(shown)

    def save(self, payload: bytes) -> None:
        """Keep a checkpoint; stops here when this try was asked to, or is not the task's any more.

        Raises:
            Interrupted, StoreUnavailable
        """
        if self._keeper is None:
            return
        with self.shielded():
            answer = self._keeper.save(self.record, self.claim, payload)
        if answer is not Answer.KEPT:
            self.asked("lost" if answer is Answer.LOST else "cancel")
            raise Interrupted(self.cause)

    def saved(self) -> bytes | None:
        """The checkpoint to go on from."""
        if self._keeper is None:
            return None
        with self.shielded():
            return self._keeper.saved(self.record.id)

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Around what must not be torn apart: an interruption waits until it is over."""
        with self._lock:
            thread, self._thread = self._thread, None
        try:
            yield
        finally:
            with self._lock:
                self._thread = thread
        self.check()

    def user_code(self) -> AbstractContextManager[None]:
        """Around user code: only inside of it may an interruption strike this thread.

        An exception set from another thread can land late, so what is still pending at the end is
        taken back before the thread goes on.
        """
        return _UserCode(self)

    def enter(self) -> None:
        """User code begins."""
        with self._lock:
            if self.cause is not None:
                raise Interrupted(self.cause)
            self._thread = threading.get_ident()

    def leave(self) -> None:
        """User code has ended."""
        while self._thread is not None:
            try:
                with self._lock:
                    if self._struck:
                        take_back()
                    self._thread = None
            except Interrupted:  # struck between the lines above: go on leaving
                continue

    @property
    def struck(self) -> bool:
        """An exception was set in this thread; it should not run anything else."""
        return self._struck

    # -- for who watches it --------------------------------------------------------------------

    def interrupt(self, cause: Cause) -> None:
        """Ask the code to stop: at its next report or wait, and between two bytecodes of its
        thread. May be repeated: a thread that is in our own code just now, which may hold a lock,
        is not struck there.
        """
        with self._lock:
            self.asked(cause)
            if self._canceled_loops():
                return
            told = self._struck or self._told_here  # once is enough: it may be cleaning up
            if self._thread is not None and not told and in_users_code(self._thread):
                self._struck = True
                strike(self._thread, Interrupted)

    def _canceled_loops(self) -> bool:
        """Cancel what it awaits, as asyncio does; once, and if that does not stop it, it is
        interrupted as any other code."""
        loops, self.loops[:] = list(self.loops), []
        for cancel in loops:
            with suppress(RuntimeError):  # that loop has ended
                cancel()
        return bool(loops)

    def step(self) -> str | None:
        if self.cause is None:
            return None
        if time.monotonic() - self.asked_at < _C_CODE_AFTER:
            return "interrupted"
        return "stopping" if self.landed else "in C code"

    def progress_text(self) -> str | None:
        return self._progress

    def metrics_text(self) -> str | None:
        if not self._metrics:
            return None
        # list() is one step for other threads; the task may be adding just now.
        return json.dumps({name: list(one.points) for name, one in list(self._metrics.items())})


class _UserCode:
    """While it is open, this thread runs the code of a try."""

    __slots__ = ("_of",)

    def __init__(self, of: Try) -> None:
        self._of = of

    def __enter__(self) -> None:
        self._of.enter()

    def __exit__(self, *_: object) -> None:
        self._of.leave()


class _Series:
    """A bounded series: when it is full, every second point goes and the pace halves."""

    def __init__(self) -> None:
        self.points: deque[tuple[float, float]] = deque()
        self._every = 1
        self._seen = 0

    def add(self, at: float, value: float) -> None:
        if self._seen % self._every == 0:
            self.points.append((at, float(value)))
        self._seen += 1
        if len(self.points) > MAX_POINTS:
            self.points = deque(list(self.points)[::2])
            self._every *= 2


def _plain(number: float) -> float:
    """What JSON can hold: figures often come as scalars of numpy."""
    return number if type(number) in (int, float) else float(number)


@contextmanager
def trying(one: Try) -> Iterator[None]:
    """Make `one` the try of this context."""
    token = TRY.set(one)
    try:
        yield
    finally:
        TRY.reset(token)


def current_try() -> Try | None:
    """The try that this code is a part of."""
    return cast("Try | None", TRY.get())
