"""A live view of one stored task: its newest record, its outcome, its snapshot."""

import codecs
import datetime as dt
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from .. import errors
from ..backends.base import Ending
from ..client.client import Client
from ..client.here import CLIENT, waiting, working_with
from ..option_values import TRAVELLING, count
from ..output.rich_output import Splitter, as_text, displays_of, text_of
from ..payload import Call, CallHeader, Outcome, error_of, loads, of_another_class, value_of
from ..record import Reason, Record
from ..states import Status
from ..warning import warn_user

_FRESH = 0.05
"""Seconds that a record is shown for before the store is asked again."""

_SMALL = 64 * 1024
"""Bytes of a pickled result that a table of thousands loads to show it."""

_LOOK_AGAIN = 1.0
"""Seconds after which whoever follows a log looks for itself; a store that has gone is told."""

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
    since: Sequence[float] | None = None
    """What was done when it first told, and how many seconds after its start, where it went on from
    an earlier try."""

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
        self._header: CallHeader | None = None
        self._call: Call | None = None
        self._preview: str | None = None
        self._loaded: list[Any] = []

    def check_store(self) -> None:
        """Refuse to travel with a call to another store, whose worker could not find this task.

        Raises:
            TypeError
        """
        bound_for = CLIENT.get()
        if bound_for is not None and not bound_for.same_store(self.client):
            raise TypeError(
                f"task {self.record.id} is in {self.client.backend.conn_string}, and the call "
                f"goes to {bound_for.backend.conn_string}: pass task.get() instead"
            )

    outcome_at_hand: bytes | None = None
    """Read with those of other tasks, see `prefetching`, or told with its end."""
    envelope_at_hand: bytes | None = None
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

    @property
    def age(self) -> float:
        """Seconds since the store told the record."""
        return time.monotonic() - self._read_at

    def look(self) -> Record:
        """The record, asked for again when it may have changed."""
        since = max(time.monotonic() - _FRESH, Handle._moved_at)
        if not self.record.done and self._read_at <= since:
            return self.read_anew()
        return self.record

    def read_anew(self) -> Record:
        """The record as it stands at this moment."""
        self.see(self.client.record(self.record.id))
        return self.record

    def end(self, timeout: float | None) -> bool:
        """Wait until it has ended, `timeout` seconds at most; whether it has."""
        if not self.look().done:
            for ending in self.client.watcher.ended([self.record.id], timeout):
                self.see_end(ending)
            self.moved_here()
        return self.record.done

    def see_end(self, ending: Ending) -> None:
        """Take what the store has told of its end."""
        self.see(ending.record)
        self.outcome_at_hand = ending.outcome

    def cancel(self, by: str, *, unstarted_only: bool = False, force: bool = False) -> None:
        """Cancel it, or ask it to stop when it runs and may be asked."""
        (record,) = self.client.backend.cancel(
            [self.record.id], by=by, unstarted_only=unstarted_only, force=force
        )
        self.see(record)
        self.moved_here()

    def call(self) -> Call:
        """The snapshot of the call, its signature checked, loaded once."""
        if self._call is None:
            self._header, self._call = self.client.open(self.record, self._envelope())
        return self._call

    def _envelope(self) -> bytes:
        return self.envelope_at_hand or self.client.backend.envelope(self.record.id)

    @property
    def has_header(self) -> bool:
        """What is signed beside the call has been read."""
        return self._header is not None

    def backoff(self) -> float:
        """Seconds before its first retry, as pushed."""
        return float(self.option("backoff", 0.0))

    def option(self, name: str, default: Any = None) -> Any:
        """An option as it was pushed, by the verified envelope."""
        return self.header().options.get(name, default)

    def header(self) -> CallHeader:
        """What is signed beside the call, verified; read once."""
        if self._header is None:
            self._header = self.client.verified(self.record, self._envelope())[0]
        return self._header

    def outcome(self) -> Outcome | None:
        """The newest outcome, its signature checked; read once for each state of the task."""
        version = self.look().version
        if self._outcome is None or self._outcome[0] != version:
            self._outcome = version, self._read_outcome()
        return self._outcome[1]

    def _read_outcome(self) -> Outcome | None:
        if self.outcome_at_hand is None:
            return self.client.outcome(self.record)
        data, self.outcome_at_hand = self.outcome_at_hand, None
        return self.client.opened_outcome(self.record, data)

    def value(self) -> Any:
        """The result, loaded once; None before success."""
        if self.look().status is not Status.SUCCESS:
            return None
        if not self._loaded:
            outcome = self.outcome()
            with working_with(self.client):
                value = None if outcome is None else value_of(outcome, self.client.depot.fetch_once)
            self._loaded.append(value)
            told = of_another_class(value)
            if told is not None:
                warn_user(told)
        return self._loaded[0]

    def glance(self) -> Any:
        """The result where it is small, else the line about it; read once."""
        if not self._loaded and self._preview is None:
            outcome = self._read_outcome()
            if outcome is not None and (outcome.refs or len(outcome.payload or b"") > _SMALL):
                self._preview = outcome.preview
                return self._preview
            self._outcome = self.record.version, outcome
        return self.value() if self._preview is None else self._preview

    def exception(self) -> BaseException | None:
        """Why an ended task has no value, as what `get` raises; None after success."""
        record = self.record
        if record.status is Status.SUCCESS:
            return None
        if record.reason == Reason.DEPENDENCY:
            return errors.DependencyError(record.error)
        outcome = self.outcome() if record.reason == Reason.ERROR else None
        if outcome is not None:
            with working_with(self.client):
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
        text = text_of(self.client.backend.log(self.record.id)).decode("utf-8", "replace")
        return text if tail is None else _last_lines(text, tail).removesuffix("\n")

    def follow_log(self, tail: int | None) -> Iterator[str]:
        """That, and then what comes, until the task has ended."""
        moved = threading.Event()
        decode, splitter = codecs.getincrementaldecoder("utf-8")("replace").decode, Splitter()

        def hear(records: list[Record]) -> None:
            if not records or any(record.id == self.record.id for record in records):
                moved.set()

        with self.client.watcher.subscribed(hear):
            start = 0
            while True:
                moved.clear()
                record = self.client.record(self.record.id)
                data = self.client.backend.log(record.id, start)
                pieces = splitter.feed(data) + ([splitter.rest()] if record.done else [])
                text = decode(b"".join(map(as_text, pieces)), final=record.done)
                if start == 0 and tail is not None:
                    text = _last_lines(text, tail)
                start += len(data)
                if text:
                    yield text
                if record.done:
                    return
                with waiting():
                    moved.wait(_LOOK_AGAIN)

    def progress(self) -> Progress | None:
        text = self.look().progress
        return Progress(**json.loads(text)) if text else None

    def outputs(self) -> list[dict[str, str]]:
        """What it displayed, in order."""
        log = self.client.backend.log(self.record.id)
        return [shown.data for shown in displays_of(log)]

    def metrics(self) -> dict[str, list[list[float]]]:
        found: dict[str, list[list[float]]] = json.loads(self.look().metrics or "{}")
        return found

    def checkpoint(self) -> Any:
        """What the task goes on from, loaded anew each time; None where there is none."""
        data = self.client.saved(self.record.id)
        with working_with(self.client):
            return None if data is None else loads(data)

    def elapsed(self) -> float:
        """Seconds that the newest try has taken so far, or took; 0.0 before it began."""
        record = self.look()
        if record.started is None:
            return 0.0
        end = self.client.backend.now() if record.finished is None else record.finished
        return max(0.0, end - record.started)


class TravelledHandle(Handle):
    """A handle that came with a call or a result: it reads nothing before it is asked."""

    def __init__(self, client: Client | None, task_id: str) -> None:
        self._travelled = client, task_id
        self._read_at = 0.0
        self._outcome, self._header, self._call = None, None, None
        self._loaded, self._preview = [], None

    @property
    def read(self) -> bool:
        """It has asked the store, and knows its record."""
        return "record" in self.__dict__

    def __getattr__(self, name: str) -> Any:
        client, task_id = self.__dict__["_travelled"]
        if name == "record":
            self.record, self._read_at = self.client.record(task_id), time.monotonic()
            return self.record
        if name == "client" and client is None:
            raise errors.GatorError(
                f"the handle on task {task_id} was unpickled where no store is at hand: "
                f"gator[{task_id!r}] finds it"
            )
        if name == "client":
            self.client = client
            return client
        raise AttributeError(name)


class Field:
    """An attribute of a task: its own until the task is pushed, then read through its handle.

    Args:
        read: how a handle reads it.
        default: what a local task has that was told nothing.
        new: makes that anew for each task.
        check: what a value must be, called with it and the attribute's name; answers the value.
        own: the snapshot holds it; a task that was made here goes on showing its own object.
    """

    def __init__(
        self,
        read: Callable[[Handle], Any],
        default: Any = None,
        *,
        new: Callable[[], Any] | None = None,
        check: Callable[[Any, str], Any] | None = None,
        own: bool = False,
    ) -> None:
        self._read = read
        self._default = default
        self._new = new
        self._check = check
        self._own = own

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, task: Any, owner: type) -> Any:
        if task is None:
            return self
        if task._handle is not None and task.pushed and not (self._own and task.live):  # noqa: SLF001
            return self._read(task.handle)
        if self._new is not None:
            return task.__dict__.setdefault(self._name, self._new())
        return task.__dict__.get(self._name, self._default)

    def __set__(self, task: Any, value: Any) -> None:
        checked = value if self._check is None else self._check(value, self._name)
        task.__dict__[self._name] = checked


def travelling(option: str) -> Field:
    """The field of an option that travels with the call."""
    about = TRAVELLING[option]

    def read(handle: Handle) -> Any:
        if about.column:
            return about.shown(getattr(handle.record, option))
        return handle.option(option)

    return Field(read, about.default, check=about.check)


def _last_lines(text: str, tail: int) -> str:
    lines, last = text.splitlines(keepends=True), count(tail, "tail")
    return "".join(lines[-last:] if last else [])


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
