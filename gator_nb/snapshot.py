"""A stored call that was verified, on its way to where it runs: loaded there, and not before."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

from .client import Client
from .here import working_with
from .output import report
from .payload import Call, differences, joined, know_sources, load_call, parted
from .record import Record
from .running import Try
from .task import Task


class Snapshot(NamedTuple):
    """What a try needs of an envelope. The payload and the results are still pickled."""

    payload: bytes
    results: dict[str, bytes]
    """Those that the call refers to, by the ids of their tasks."""
    options: dict[str, Any]
    """As signed."""
    sources: dict[str, dict[str, str]] | None = None
    environment: dict[str, Any] | None = None
    hooks: Sequence[str] = ()

    @property
    def timeout(self) -> float | None:
        """Seconds that a try may take; None is without end."""
        timeout = self.options.get("timeout")
        return None if timeout is None else float(timeout)

    @property
    def backoff(self) -> float:
        """Seconds before the first retry."""
        return float(self.options.get("backoff", 0.0))

    def call(self) -> Call:
        """The call itself. Unpickles it.

        Raises:
            Exception: whatever unpickling raises, such as ModuleNotFoundError.
        """
        know_sources(self.sources)
        return load_call(self.payload, self.results)

    def load(self, one: Try, task_class: type[Task] = Task) -> Task:
        """The local task that runs this call as `one`; packages that are quite other ones here
        are told of in its log."""
        one.limit(self.timeout, self.backoff)
        one.environment = self.environment
        for difference in differences(self.environment):
            if difference.major:
                report(f"[warning: {difference}]\n")
        return task_class.from_snapshot(one.record, self.call(), self.backoff)

    def to_message(self) -> tuple[dict[str, Any], bytes]:
        """As JSON and bytes, for a line to another process."""
        payload, sizes = joined(self.payload, self.results)
        fields = self._replace(payload=b"", results={})._asdict()
        del fields["payload"]
        return fields | {"results": sizes}, payload

    @classmethod
    def from_message(cls, fields: Mapping[str, Any], data: bytes) -> Self:
        """What `to_message` made."""
        payload, results = parted(data, fields["results"])
        return cls(**{**fields, "payload": payload, "results": results})


def snapshot_of(client: Client, record: Record, envelope: bytes) -> Snapshot:
    """The snapshot in the envelope of a task, its signature checked.

    Raises:
        Untrusted, KeyMissing: the envelope is not what a holder of the key stored.
        DependencyError: a result that it refers to is not there any more.
    """
    header, payload = client.verified(record, envelope)
    results = client.results_for(header)
    sources, environment = header.sources, header.environment
    return Snapshot(payload, results, header.options, sources, environment, header.hooks)


def load_here(client: Client, record: Record, envelope: bytes) -> Call:
    """The call in the envelope of a task, for this process to look at.

    Raises:
        Untrusted, KeyMissing, DependencyError: as `snapshot_of`.
        Exception: whatever unpickling raises.
    """
    snapshot = snapshot_of(client, record, envelope)
    with working_with(client):
        return snapshot.call()
