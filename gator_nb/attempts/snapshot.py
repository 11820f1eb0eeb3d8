"""A stored call that was verified, on its way to where it runs: loaded there, and not before."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, Self

from ..client.client import Client
from ..client.here import working_with
from ..output.routing import report
from ..payload import Call, Fetch, Frozen, differences, joined, know_sources, load_call, parted
from ..record import Record
from ..tasks.task import Task
from .running import Try


class Snapshot(NamedTuple):
    """What a try needs of an envelope. The payload and the results are still pickled."""

    payload: bytes
    results: dict[str, Frozen]
    """Those that the call refers to, by the ids of their tasks."""
    options: dict[str, Any]
    """As signed."""
    sources: dict[str, dict[str, str]] | None = None
    environment: dict[str, Any] | None = None
    hooks: Sequence[str] = ()
    refs: Sequence[str] = ()
    """The large buffers that belong into the payload, in their order."""
    larges: Mapping[str, bytes] | None = None
    """All large buffers, where there is no way to the store."""

    @property
    def timeout(self) -> float | None:
        """Seconds that a try may take; None is without end."""
        timeout = self.options.get("timeout")
        return None if timeout is None else float(timeout)

    @property
    def backoff(self) -> float:
        """Seconds before the first retry."""
        return float(self.options.get("backoff", 0.0))

    def call(self, fetch: Fetch) -> Call:
        """The call itself. Unpickles it.

        Raises:
            Exception: whatever unpickling raises, such as ModuleNotFoundError.
        """
        know_sources(self.sources)
        return load_call(Frozen(self.payload, tuple(self.refs)), self.results, fetch)

    def names(self) -> list[str]:
        """Those of all large buffers that it needs."""
        results = (one.refs for one in self.results.values())
        return list(dict.fromkeys(chain(self.refs, *results)))

    def with_larges(self, fetch: Fetch) -> Self:
        """The same with its large buffers, for where there is no way to the store."""
        names = self.names()
        found = zip(names, map(bytes, fetch(names)), strict=True)
        return self._replace(larges=dict(found)) if names else self

    def _brought_along(self, names: Sequence[str]) -> list[bytearray]:
        larges = self.larges or {}
        return [bytearray(larges[name]) for name in names]

    def load(self, one: Try, task_class: type[Task] = Task) -> Task:
        """The local task that runs this call as `one`; packages that are quite other ones here
        are told of in its log."""
        one.limit(self.timeout, self.backoff)
        one.environment = self.environment
        for difference in differences(self.environment):
            if difference.major:
                report(f"[warning: {difference}]\n")
        fetch = self._brought_along if one.depot is None else one.depot.fetch
        return task_class.from_snapshot(one.record, self.call(fetch), self.backoff)

    def to_message(self) -> tuple[dict[str, Any], bytes]:
        """As JSON and bytes, for a line to another process."""
        payload, sizes = joined(self.payload, self.results)
        fields = self._replace(payload=b"", results={})._asdict()
        del fields["payload"], fields["larges"]
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
    return Snapshot(
        payload, results, header.options, sources, environment, header.hooks, header.refs
    )


def load_here(client: Client, record: Record, envelope: bytes) -> Call:
    """The call in the envelope of a task, for this process to look at.

    Raises:
        Untrusted, KeyMissing, DependencyError: as `snapshot_of`.
        Exception: whatever unpickling raises.
    """
    snapshot = snapshot_of(client, record, envelope)
    with working_with(client):
        return snapshot.call(client.depot.fetch)
