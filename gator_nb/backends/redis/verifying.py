"""Checking every index and counter against the records it is derived from.

The indexes are derived anew here, not on the server, out of records read in pages. Others may
write meanwhile: then only a fault that shows again counts.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ...errors import StoreCorrupt
from ...record import Record, limit_of
from ...states import BLOCKED, DELAYED, RETRYING, RUNNING, SUCCESS, WAITING
from .blob_faults import blob_faults, unowned_among
from .rows import decode
from .server import Server

_PAGE = 500
_PASSES = 4
_MAX_FAULTS = 100
_BY_ITSELF = frozenset({"t", "e", "o", "l", "c", "blob", "chunk"})
"""What is of one task or blob, and no index."""
_UNDERIVED = frozenset(
    {"meta", "presences", "departed", "left", "renewed", "partial", "complete", "paused"}
)
"""Keys that no record tells anything of."""
_UNSCORED = frozenset({"open", "queues", "holders"})
"""Sets where only what is in them follows from the records."""
_READERS = {b"zset": "ZSCAN", b"set": "SSCAN", b"hash": "HSCAN"}

Index = dict[str, float]
"""Members and their scores, or fields and their numbers."""
Indexes = defaultdict[str, Index]


class _Stored(NamedTuple):
    record: Record
    place: str
    """Where its envelope is."""
    batch: str | None
    """That of which it is a part, while this is not all there."""
    owns: set[str]
    """Blobs."""


def verify(server: Server, run: Callable[..., Any]) -> list[str]:
    """A sentence for each fault."""
    store = _Store(server, run)
    faults: list[str] = []
    for number in range(_PASSES):
        before = store.version()
        found = store.faults()
        faults = [fault for fault in found if number == 0 or fault in faults]
        if not faults or store.version() == before:
            break
    more = len(faults) - _MAX_FAULTS
    return faults[:_MAX_FAULTS] + ([f"and {more} more faults"] if more > 0 else [])


class _Store:
    """What the server has under one prefix."""

    def __init__(self, server: Server, run: Callable[..., Any]) -> None:
        self._server = server
        self._run = run
        self._prefix = f"{{{server.address.store}}}:"

    def version(self) -> bytes:
        found: bytes = self._server.command("HGET", f"{self._prefix}meta", "version")
        return found

    def faults(self) -> list[str]:
        names = list(self._names())
        ids = [name[2:] for name in names if name.startswith("t:")]
        try:
            stored = list(self._stored(ids))
        except StoreCorrupt as error:
            return [str(error)]
        records = {one.record.id: one.record for one in stored}
        places = {one.record.id: one.place for one in stored}
        right = _derive(records, places)
        for one in stored:
            if one.batch is not None:
                right[f"batch:{one.batch}"][one.record.id] = one.record.seq
        blobs = {
            name.removeprefix("blob:"): self._hash(name)
            for name in names
            if name.startswith("blob:")
        }
        right["unowned"] = unowned_among(blobs)
        faults = [fault for one in stored if (fault := _fault(one, records))]
        faults += blob_faults(names, blobs, {one.record.id: one.owns for one in stored})
        for name in sorted({*right, *names}):
            if name.partition(":")[0] not in _BY_ITSELF | _UNDERIVED:
                faults += _differences(name, self._index(name), right[name])
        return [*faults, *_stray_keys(names, records, places)]

    def _names(self) -> Iterator[str]:
        """The keys of the store, without their prefix."""
        pattern = f"{self._prefix}*"
        for key in self._scan("SCAN", "MATCH", pattern, "COUNT", _PAGE):
            yield key.decode(errors="surrogateescape")[len(self._prefix) :]

    def _stored(self, ids: list[str]) -> Iterator[_Stored]:
        for start in range(0, len(ids), _PAGE):
            for fields in json.loads(self._run("get", json.dumps(ids[start : start + _PAGE]))):
                if fields:
                    record = decode(fields)
                    place = fields.get("envelope_at", record.origin)
                    owns = {*record.refs, *json.loads(fields.get("owns", "[]"))}
                    yield _Stored(record, place, fields.get("batch"), owns)

    def _hash(self, name: str) -> dict[str, str]:
        key = self._prefix + name
        if self._server.command("TYPE", key) != b"hash":
            return {}
        flat = self._server.command("HGETALL", key)
        texts = (part.decode(errors="surrogateescape") for part in flat)
        return dict(zip(texts, texts, strict=True))

    def _index(self, name: str) -> Index:
        key = self._prefix + name
        kind = self._server.command("TYPE", key)
        if kind not in _READERS:
            return {}
        flat = self._scan(_READERS[kind], key, "COUNT", _PAGE)
        texts = (part.decode(errors="surrogateescape") for part in flat)
        if kind == b"set":
            return dict.fromkeys(texts, 0.0)
        return {member: float(score) for member, score in zip(texts, texts, strict=True)}

    def _scan(self, command: str, *args: Any) -> Iterator[bytes]:
        """All that a command of the SCAN family finds."""
        where = () if command == "SCAN" else args[:1]
        options = args[len(where) :]
        cursor = b"0"
        while True:
            cursor, found = self._server.command(command, *where, cursor, *options)
            yield from found
            if cursor == b"0":
                return


def _derive(records: dict[str, Record], places: dict[str, str]) -> Indexes:
    """Every index as the records say it should be."""
    right: Indexes = defaultdict(dict)
    for record in records.values():
        _derive_listings(right, record)
        _derive_status(right, record)
        if not record.done:
            _derive_unfinished(right, record, records)
        if places[record.id] != record.id:
            shared = right["shared"]
            shared[places[record.id]] = shared.get(places[record.id], 0) + 1
    return right


def _derive_listings(right: Indexes, record: Record) -> None:
    task_id, seq = record.id, record.seq
    right["changes"][task_id] = record.version
    right["queues"][record.queue] = 0
    if record.status is not WAITING:  # which its ready lines list
        right[f"status:{int(record.status)}:{record.queue}"][task_id] = seq
    for field in ("name", "group", "worker"):
        value = getattr(record, field)
        if value is not None:
            right[f"{field}:{value}"][task_id] = seq
    if record.session is not None and record.group is not None:
        groups = right[f"groups:{record.session}"]
        groups[record.group] = groups.get(record.group, 0) + 1
    elif record.session is not None:
        right[f"session:{record.session}"][task_id] = seq
    for tag in record.tags:
        right[f"tag:{tag}"][task_id] = seq
    if record.call_key is not None:
        digest = hashlib.sha1(record.call_key.encode(), usedforsecurity=False).hexdigest()
        right["calls"][f"{seq:014}{task_id}"] = int(digest[:13], 16)


def _derive_status(right: Indexes, record: Record) -> None:
    task_id = record.id
    if record.status is WAITING:
        line = f"{len(record.queue.encode())}:{record.queue}{_slot(record)}"
        right[f"ready:{line}"][task_id] = record.rank
        right["open"][line] = 0
    elif record.status is RUNNING:
        right[f"held:{record.worker}"][task_id] = record.seq
        right["holders"][str(record.worker)] = 0
        if record.limit is not None:
            name, _ = limit_of(record.limit)
            right["limits"][name] = right["limits"].get(name, 0) + 1
    elif record.status in (DELAYED, RETRYING):
        right["due"][task_id] = record.due or 0
    if record.finished is not None:
        right["ended"][task_id] = record.finished
    if record.expires is not None and record.unstarted:
        right["expiring"][task_id] = record.expires


def _derive_unfinished(right: Indexes, record: Record, records: dict[str, Record]) -> None:
    lanes, slot = right[f"lanes:{record.queue}"], _slot(record)
    lanes[slot] = lanes.get(slot, 0) + 1
    for parent in _parents(record, records):
        right[f"waiters:{parent.id}"][record.id] = record.seq


def _slot(record: Record) -> str:
    """The lane and the limit of a task, as one name."""
    if record.limit is None and not record.lane.startswith("\0"):
        return record.lane
    return f"\0{len(record.lane.encode())}:{record.lane}{record.limit or ''}"


def _parents(record: Record, records: dict[str, Record]) -> list[Record]:
    """What a task waits for; one that was pushed after it is another task of the same id."""
    found = (records.get(task_id) for task_id in set(record.depends_on))
    return [parent for parent in found if parent is not None and parent.seq < record.seq]


def _fault(stored: _Stored, records: dict[str, Record]) -> str | None:
    """What is wrong within a record."""
    record = stored.record
    if record.done is not (record.finished is not None):
        return f"task {record.id} has ended at no time, or has not ended and has one"
    if record.status is RUNNING and (record.claim is None or record.worker is None):
        return f"task {record.id} runs without a claim or worker"
    if not record.unstarted:
        return None
    blocked = record.held or record.open_deps > 0 or stored.batch is not None
    if (record.status is BLOCKED) is not blocked:
        return f"task {record.id} is blocked by nothing, or should be blocked"
    there = sum(parent.status is not SUCCESS for parent in _parents(record, records))
    if there != record.open_deps:
        return f"task {record.id} counts {record.open_deps} open dependencies; there are {there}"
    return None


def _differences(name: str, found: Index, right: Index) -> Iterator[str]:
    for member in sorted(found.keys() | right.keys()):
        if member not in right:
            yield f"{name} has {member!r}, which by the records does not belong there"
        elif member not in found:
            yield f"{name} lacks {member!r}"
        elif found[member] != right[member] and name not in _UNSCORED:
            yield f"{name} says {found[member]!r} for {member!r}; by the records {right[member]!r}"


def _stray_keys(
    names: list[str], records: dict[str, Record], places: dict[str, str]
) -> Iterator[str]:
    """Keys of tasks that are not there, and envelopes that are missing."""
    needed = set(places.values())
    there = set()
    for name in names:
        kind, _, task_id = name.partition(":")
        if kind == "e":
            there.add(task_id)
        if (kind == "e" and task_id not in needed) or (kind in "ol" and task_id not in records):
            yield f"{name} is there for a task that is not"
    for place in sorted(needed - there):
        yield f"the envelope e:{place} is missing"
