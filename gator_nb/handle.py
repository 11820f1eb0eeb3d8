"""A live view of one stored task: its newest record, its outcome, its snapshot."""

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from . import errors
from .client import Client
from .option_values import count
from .payload import Call, CallHeader, Outcome, error_of, value_of
from .record import Reason, Record
from .states import Status

_FRESH = 0.05
"""Seconds that a record is shown for before the store is asked again."""

_ERRORS: dict[str | None, type[errors.TaskFailed]] = {
    Reason.CANCELED: errors.TaskCanceled,
    Reason.UNCONFIRMED: errors.TaskCanceled,
    Reason.TIMEOUT: errors.TaskTimeout,
    Reason.LOST: errors.TaskLost,
    Reason.EXPIRED: errors.TaskExpired,
}


class Progress(NamedTuple):
    """How far a task says it is. `total` is None while it is not known."""

    done: float
    total: float | None = None
    message: str | None = None

    def __str__(self) -> str:
        of = "" if self.total is None else f"/{self.total:g}"
        return f"{self.done:g}{of}" + (f" {self.message}" if self.message else "")


class Handle:
    """One task of a store. `record` is what was read last; `look` asks when that is old."""

    def __init__(self, client: Client, record: Record) -> None:
        self.client = client
        self.record = record
        self._read_at = time.monotonic()
        self._outcome: tuple[int, Outcome | None] | None = None
        self._snapshot: tuple[CallHeader, Call] | None = None
        self._loaded: list[Any] = []

    _moved_at = 0.0

    @staticmethod
    def moved_here() -> None:
        """This process has moved a task itself, or has just waited for one: no handle shows what
        it read before that."""
        Handle._moved_at = time.monotonic()

    def see(self, record: Record) -> None:
        """Take a record that somebody has read, unless it is older than ours."""
        if record.version >= self.record.version:
            self.record, self._read_at = record, time.monotonic()

    def look(self) -> Record:
        """The record, asked for again when it may have changed."""
        since = max(time.monotonic() - _FRESH, Handle._moved_at)
        if not self.record.done and self._read_at <= since:
            self.see(self.client.record(self.record.id))
        return self.record

    def end(self, timeout: float | None) -> bool:
        """Wait until it has ended, `timeout` seconds at most; whether it has."""
        if not self.look().done:
            for record in self.client.watcher.ended([self.record.id], timeout):
                self.see(record)
            self.moved_here()
        return self.record.done

    def cancel(self, by: str) -> None:
        """Cancel it, or ask it to stop when it runs."""
        (record,) = self.client.backend.cancel([self.record.id], by=by)
        self.see(record)
        self.moved_here()

    def call(self) -> Call:
        """The snapshot of the call, its signature checked, loaded once."""
        return self._open()[1]

    def backoff(self) -> float:
        """Seconds before its first retry, as pushed."""
        return float(self._open()[0].options.get("backoff", 0.0))

    def _open(self) -> tuple[CallHeader, Call]:
        if self._snapshot is None:
            envelope = self.client.backend.envelope(self.record.id)
            self._snapshot = self.client.open(self.record, envelope)
        return self._snapshot

    def outcome(self) -> Outcome | None:
        """The newest outcome, its signature checked; read once for each state of the task."""
        version = self.look().version
        if self._outcome is None or self._outcome[0] != version:
            self._outcome = version, self.client.outcome(self.record)
        return self._outcome[1]

    def value(self) -> Any:
        """The result, loaded once; None before success."""
        if self.look().status is not Status.SUCCESS:
            return None
        if not self._loaded:
            outcome = self.outcome()
            self._loaded.append(None if outcome is None else value_of(outcome))
        return self._loaded[0]

    def exception(self) -> BaseException | None:
        """Why an ended task has no value, as what `get` raises; None after success."""
        record = self.record
        if record.status is Status.SUCCESS:
            return None
        if record.reason == Reason.DEPENDENCY:
            return errors.DependencyError(record.error)
        outcome = self.outcome() if record.reason == Reason.ERROR else None
        if outcome is not None:
            return error_of(outcome)
        if record.reason == Reason.UNTRUSTED:
            return errors.Untrusted(record.error)
        kind = _ERRORS.get(record.reason, errors.TaskFailed)
        return kind(record.error or f"task {record.id} was {record.status}")

    def traceback(self) -> str | None:
        """The newest error with its traceback, as text."""
        outcome = self.outcome()
        return None if outcome is None else outcome.traceback

    def log(self, tail: int | None) -> str:
        """What it printed; the last `tail` lines of it when given."""
        text = self.client.backend.log(self.record.id).decode("utf-8", "replace")
        if tail is None:
            return text
        lines, last = text.splitlines(), count(tail, "tail")
        return "\n".join(lines[-last:] if last else [])

    def progress(self) -> Progress | None:
        text = self.look().progress
        return Progress(**json.loads(text)) if text else None

    def metrics(self) -> dict[str, list[list[float]]]:
        found: dict[str, list[list[float]]] = json.loads(self.look().metrics or "{}")
        return found

    def elapsed(self) -> float:
        """Seconds that the newest try has taken so far, or took; 0.0 before it began."""
        record = self.look()
        if record.started is None:
            return 0.0
        end = self.client.backend.now() if record.finished is None else record.finished
        return max(0.0, end - record.started)


class Field:
    """An attribute of a task: its own until the task is pushed, then read through its handle.

    Args:
        read: how a handle reads it.
        default: what a local task has that was told nothing.
        check: what a value must be, called with it and the attribute's name; answers the value.
        own: the snapshot holds it; a task that was made here goes on showing its own object.
    """

    def __init__(
        self,
        read: Callable[[Handle], Any],
        default: Any = None,
        *,
        check: Callable[[Any, str], Any] | None = None,
        own: bool = False,
    ) -> None:
        self._read = read
        self._default = default
        self._check = check
        self._own = own

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, task: Any, owner: type) -> Any:
        if task is None:
            return self
        if task.pushed and not (self._own and task.live):
            return self._read(task.handle)
        return task.__dict__.get(self._name, self._default)

    def __set__(self, task: Any, value: Any) -> None:
        checked = value if self._check is None else self._check(value, self._name)
        task.__dict__[self._name] = checked


@contextmanager
def telling_that_it_goes_on(waited_for: object) -> Iterator[None]:
    """Add to an interrupted wait what it did not stop."""
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(f"only the waiting stopped: {waited_for!r} goes on; cancel() stops it")
        raise


def local_time(stamp: float | None) -> dt.datetime | None:
    """Seconds since 1970 as a datetime in local time."""
    return None if stamp is None else dt.datetime.fromtimestamp(stamp, dt.UTC).astimezone()
