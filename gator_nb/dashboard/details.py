"""One task in all its detail, read anew only where it has changed. Nothing is unpickled."""

import codecs
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .. import keys
from ..backends.base import Backend
from ..errors import GatorError, StoreUnavailable, TaskNotFound
from ..output.rich_output import Display, Splitter
from ..payload import CallHeader, Outcome, open_call, open_outcome
from ..record import Record
from ..states import RETRYING

_NEEDS = 20
"""Tasks that it waits for that are shown by name; the others are counted."""


class Detail(NamedTuple):
    """What is known of a task."""

    task_id: str
    record: Record | None
    """None: the store has no such task, or not any more."""
    call: CallHeader | None = None
    """The verified header of its envelope."""
    outcome: Outcome | None = None
    """Of its newest try; verified, and without the pickled result."""
    untold: tuple[str, ...] = ()
    """Why something is not shown."""
    log: str = ""
    outputs: tuple[Display, ...] = ()
    needs: tuple[Record, ...] = ()
    """The first of the tasks that it depends on."""


def needs_of(record: Record | None) -> tuple[str, ...]:
    """The tasks whose records a detail shows beside its own."""
    return () if record is None else record.depends_on[:_NEEDS]


class Watched:
    """A task that somebody looks at."""

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id
        self._call: CallHeader | None = None
        self._outcome: Outcome | None = None
        self._untold: dict[str, str] = {}
        self._read: tuple[int, bool] | None = None
        """The version that was read, and whether its log was complete then."""
        self._splitter = Splitter()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._log_size = 0
        self._log = ""
        self._outputs: tuple[Display, ...] = ()

    def look(
        self, backend: Backend, record: Record | None, others: Mapping[str, Record | None]
    ) -> Detail:
        """The task by its newest record; `others` has those of `needs_of`."""
        if record is None:
            return Detail(self.task_id, None)
        try:
            self._follow(backend, record)
        except TaskNotFound:
            return Detail(self.task_id, None)
        return Detail(
            self.task_id,
            record,
            self._call,
            self._outcome,
            tuple(self._untold.values()),
            self._log,
            self._outputs,
            tuple(_known(others.get(one) for one in needs_of(record))),
        )

    def _follow(self, backend: Backend, record: Record) -> None:
        first, now = self._read is None, (record.version, record.done)
        if self._read == now and record.done:
            return
        if first:
            self._read_call(backend, record)
        if self._read != now and (record.done or record.status is RETRYING or first):
            self._read_outcome(backend, record)
        self._read_log(backend, record)
        self._read = now

    def _read_call(self, backend: Backend, record: Record) -> None:
        try:
            data = backend.envelope(record.id)
            self._call, _ = open_call(keys.load(), data, origin=record.origin, queue=record.queue)
        except (StoreUnavailable, TaskNotFound):
            raise
        except GatorError as error:
            self._untold["call"] = f"Its arguments are not shown: {error}"

    def _read_outcome(self, backend: Backend, record: Record) -> None:
        self._untold.pop("outcome", None)
        try:
            data = backend.outcome(record.id)
            self._outcome = None if data is None else _opened(record, data)
        except (StoreUnavailable, TaskNotFound):
            raise
        except GatorError as error:
            self._untold["outcome"] = f"What came of it is not shown: {error}"

    def _read_log(self, backend: Backend, record: Record) -> None:
        data = backend.log(record.id, self._log_size)
        self._log_size += len(data)
        pieces = self._splitter.feed(data)
        if record.done:
            pieces.append(self._splitter.rest())
        text = b"".join(piece for piece in pieces if isinstance(piece, bytes))
        if text:
            self._log += self._decoder.decode(text)
        self._outputs += tuple(piece for piece in pieces if isinstance(piece, Display))


def _opened(record: Record, data: bytes) -> Outcome:
    outcome = open_outcome(keys.load(), data, task_id=record.id, claim=record.outcome_claim)
    return outcome._replace(payload=None)


def _known(records: Iterable[Record | None]) -> Iterable[Record]:
    return (record for record in records if record is not None)
