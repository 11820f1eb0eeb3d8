"""A live view of one stored task: its newest record, its outcome, its snapshot."""

import datetime as dt
import json
import time
from typing import Any, NamedTuple

from . import errors
from .client import Client
from .payload import Call, Outcome, error_of, value_of
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
        self._outcome: Outcome | None = None
        self._snapshot: Call | None = None
        self._loaded: list[Any] = []

    def see(self, record: Record) -> None:
        """Take a record that somebody has read, unless it is older than ours."""
        if record.version >= self.record.version:
            self.record, self._read_at = record, time.monotonic()

    def look(self) -> Record:
        """The record, asked for again when it may have changed."""
        if not self.record.done and time.monotonic() - self._read_at >= _FRESH:
            self.see(self.client.record(self.record.id))
        return self.record

    def end(self, timeout: float | None) -> bool:
        """Wait until it has ended, `timeout` seconds at most; whether it has."""
        if not self.look().done:
            for record in self.client.watcher.ended([self.record.id], timeout):
                self.see(record)
        return self.record.done

    def cancel(self, by: str) -> None:
        """Cancel it, or ask it to stop when it runs."""
        (record,) = self.client.backend.cancel([self.record.id], by=by)
        self.see(record)

    def call(self) -> Call:
        """The snapshot of the call, its signature checked, loaded once."""
        if self._snapshot is None:
            self._snapshot = self.client.call(self.record)
        return self._snapshot

    def outcome(self) -> Outcome | None:
        """The newest outcome, its signature checked; kept once the task has ended."""
        if self._outcome is not None:
            return self._outcome
        done = self.look().done
        outcome = self.client.outcome(self.record)
        if done:
            self._outcome = outcome
        return outcome

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

    def log(self) -> str:
        """What it printed."""
        return self.client.backend.log(self.record.id).decode("utf-8", "replace")

    def progress(self) -> Progress | None:
        text = self.look().progress
        return Progress(**json.loads(text)) if text else None

    def metrics(self) -> dict[str, list[list[float]]]:
        found: dict[str, list[list[float]]] = json.loads(self.look().metrics or "{}")
        return found

    def elapsed(self) -> float | None:
        """Seconds that the newest try has taken so far, or took; None before it began."""
        record = self.look()
        if record.started is None:
            return None
        end = self.client.backend.now() if record.finished is None else record.finished
        return max(0.0, end - record.started)


def local_time(stamp: float | None) -> dt.datetime | None:
    """Seconds since 1970 as a datetime in local time."""
    return None if stamp is None else dt.datetime.fromtimestamp(stamp, dt.UTC).astimezone()
