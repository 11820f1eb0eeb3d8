"""The verbs of the Redis store: each is one script, sent and answered here."""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar

from ...constants import DAY, EVERY
from ...record import Record
from ...states import BLOCKED, DELAYED, RETRYING, UNSTARTED, WAITING, Status
from ..base import (
    Answer,
    Backend,
    Beat,
    Changes,
    Claimed,
    Filter,
    Listener,
    OnEnds,
    Page,
    Presence,
    Push,
    Settlement,
    Topic,
)
from . import messages
from .address import parse
from .batches import MOST, parts, parts_of, put_batch
from .blobs import RedisBlobs
from .opening import memory_of, open_store
from .rows import decode, decode_all
from .server import Server
from .verifying import verify
from .waking import Waking

_ANY = Filter()


class RedisBackend(Backend):
    """A store on a Redis or Valkey server. See `address` for what a conn_string says.

    Attributes:
        conn_string: the address, without its password.
        max_payload: bytes that one call or outcome may have.
        clock: None; tests give a time to go by in place of the server's.

    Raises:
        StoreUnavailable: the server cannot be reached, or would lose tasks, or forbids what is
            needed; the text says which and the mend.
        StoreCorrupt: keys under the store's prefix are not of gator_nb.
        StoreVersion: a newer gator_nb wrote it.
    """

    persistent: ClassVar[bool] = True

    def __init__(self, conn_string: str) -> None:
        address = parse(conn_string)
        super().__init__(str(address))
        self.address = conn_string
        self.clock: Callable[[], float] | None = None
        self._server = Server(address)
        try:
            self._connected, self.durability, self.max_payload = open_store(self._server)
        except BaseException:
            self._server.close()
            raise
        self._outages = 0
        self._waking = Waking.of(address)
        self.blobs = RedisBlobs(self._server, self._run, self.max_payload)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.conn_string!r})"

    @property
    def patience(self) -> float:
        return self._server.patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self._server.patience = seconds

    def now(self) -> float:
        if self.clock is not None:
            return self.clock()
        return self._server.now()

    # -- what clients do -------------------------------------------------------------------

    def put(self, pushes: Sequence[Push], *, claimed_by: str | None = None) -> list[Record]:
        if not pushes:
            return []
        if claimed_by is not None:
            return self._put(claimed_by, _claim_ids(len(pushes)), pushes)
        pieces = parts_of(pushes)
        if len(pieces) == 1:
            return self._put("", "", pushes)
        return put_batch(self._run, partial(self._put, "", ""), self.get, pieces)

    def _put(
        self, worker: str, claims: str, pushes: Sequence[Push], batch: str = ""
    ) -> list[Record]:
        sent = messages.pushed(pushes, self.max_payload)
        answers = json.loads(self._run("put", worker, claims, batch, *sent))
        if isinstance(answers, dict):
            messages.refuse_put(*answers["refused"])
        return [messages.stored(*pair) for pair in zip(pushes, answers, strict=True)]

    def cancel(
        self, ids: Iterable[str], by: str, *, force: bool = False, unstarted_only: bool = False
    ) -> list[Record]:
        named = list(ids)
        how = "unstarted" if unstarted_only else "force" if force else ""
        if len(named) <= MOST:
            return self._cancel(named, by, how)
        # The newest first: what depends on a task was pushed after it, and is canceled, not failed.
        there = dict(zip(named, self._demand(named), strict=True))
        newest_first = sorted(there, key=lambda task_id: -there[task_id].seq)
        canceled = (self._cancel(part, by, how) for part in parts(newest_first))
        found = {record.id: record for part in canceled for record in part}
        return [found[task_id] for task_id in named]

    def _demand(self, ids: Sequence[str]) -> Iterator[Record]:
        for task_id, record in zip(ids, self.get(ids), strict=True):
            if record is None:
                raise messages.not_found(task_id)
            yield record

    def _cancel(self, ids: Sequence[str], by: str, how: str) -> list[Record]:
        answer = json.loads(self._run("cancel", by, json.dumps(ids), how))
        if isinstance(answer, dict):
            raise messages.not_found(answer["unknown"])
        return [decode(fields) for fields in answer]

    def pause(self, queue: str, *, on: bool = True) -> None:
        self._run("pause", queue, "on" if on else "")

    def paused(self) -> set[str]:
        return {queue.decode() for queue in self._run("paused")}

    def hold(self, queue: str, *, spare: Iterable[str] = ()) -> int:
        spared = json.dumps(list(spare))
        # What is blocked already comes first: what the others become is not looked at again.
        statuses = (BLOCKED, WAITING, DELAYED, RETRYING)
        return sum(self._through("hold", queue, int(one), more=(spared,)) for one in statuses)

    def unhold(self, queue: str) -> int:
        return self._through("unhold", queue)

    def _through(self, verb: str, *args: object, more: Sequence[object] = ()) -> int:
        """Run a verb page by page, in the order of pushing; how many tasks it changed."""
        total, after = 0, b"0"
        while after:
            changed, after = self._run(verb, *args, after, *more)
            total += changed
        return total

    # -- what workers do -------------------------------------------------------------------

    def claim(
        self, worker: str, queues: Sequence[str] | None, lanes: Sequence[str], limit: int
    ) -> list[Claimed]:
        limit = max(0, limit)
        wanted = {"lanes": list(lanes)} | ({} if queues is None else {"queues": list(queues)})
        claims = _claim_ids(limit)
        args = (self._time(), worker, limit, claims, "", json.dumps(wanted))
        again = (*args[:4], "again", args[5])
        records, *envelopes = self._server.run("claim", *args, again=again)
        answer = json.loads(records)
        if isinstance(answer, dict):
            raise messages.no_envelope(answer["no_envelope"])
        return [Claimed(decode(fields), one) for fields, one in zip(answer, envelopes, strict=True)]

    def lanes(self, queues: Sequence[str] | None) -> set[str]:
        named = "" if queues is None else json.dumps(list(queues))
        return {lane.decode() for lane in self._run("lanes", named)}

    def claim_task(self, worker: str, task_id: str) -> Claimed | Record:
        record, *envelope = self._run("claim_task", worker, task_id, _claim_ids(1))
        answer = json.loads(record)
        if "refused" in answer:
            messages.refuse_claim(task_id, *answer["refused"])
        return Claimed(decode(answer), envelope[0]) if envelope else decode(answer)

    def renew(self, worker: str, beats: Sequence[Beat]) -> list[Answer]:
        logs = (one.log for one in beats)
        nonce = secrets.token_hex(8)
        return _answers(self._run("renew", worker, nonce, messages.beaten(beats), *logs))

    def settle(self, settlements: Sequence[Settlement]) -> list[Answer]:
        outputs: list[bytes] = []
        for one in settlements:
            outcome = one.outcome or b""
            messages.demand_fitting(one.task_id, "result", outcome, self.max_payload)
            outputs += (outcome, one.log)
        return _answers(self._run("settle", messages.settled(settlements), *outputs))

    def held(self, worker: str) -> list[tuple[str, str]]:
        flat = iter(self._run("held", worker))
        return [
            (task_id.decode(), claim.decode()) for task_id, claim in zip(flat, flat, strict=True)
        ]

    def save(self, task_id: str, claim: str, data: bytes) -> Answer:
        messages.demand_fitting(task_id, "checkpoint", data, self.max_payload)
        return Answer(self._run("save", task_id, claim, data).decode())

    def release(self, claims: Sequence[tuple[str, str]]) -> list[Answer]:
        return _answers(self._run("release", json.dumps(list(claims))))

    def reap(self, dead: Iterable[str] = (), living: Iterable[str] = ()) -> list[Record]:
        asked = self.now()
        if self._server.outages != self._outages:
            # Who was silent meanwhile may have been cut off as well.
            self._outages, self._connected = self._server.outages, asked
        since = repr(self._connected), repr(asked)
        return decode_all(self._run("reap", *since, *map(_listed, (dead, living))))

    # -- who is there ----------------------------------------------------------------------

    def register(self, presence: Presence) -> None:
        kernel = "1" if presence.kernel else "0"
        told = (presence.id, json.dumps(presence), kernel, repr(presence.lease))
        self._run("register", *told)
        self._server.presences[presence.id] = told

    def unregister(self, presence_id: str) -> None:
        self._server.presences.pop(presence_id, None)
        self._run("unregister", presence_id)

    def presences(self) -> list[Presence]:
        flat = iter(self._run("presences"))
        found = (messages.presence_of(*pair) for pair in zip(flat, flat, strict=True))
        return [known for _, known in sorted(found, key=_by_age)]

    def worker_names(self) -> dict[str, str]:
        left = dict(json.loads(pair) for pair in self._run("worker_names"))
        return left | {one.id: one.name for one in self.presences() if one.name}

    # -- reading ---------------------------------------------------------------------------

    def get(self, ids: Sequence[str]) -> list[Record | None]:
        pages = (json.loads(self._run("get", json.dumps(part))) for part in parts(list(ids)))
        return [decode(fields) if fields else None for page in pages for fields in page]

    def envelope(self, task_id: str) -> bytes:
        data = self._read("envelope", task_id)
        if data is None:
            raise messages.no_envelope(task_id)
        return data

    def outcome(self, task_id: str) -> bytes | None:
        return self._read("outcome", task_id)

    def envelopes(self, ids: Sequence[str]) -> dict[str, bytes]:
        return self._read_many("e", ids)

    def outcomes(self, ids: Sequence[str]) -> dict[str, bytes]:
        return self._read_many("o", ids)

    def saved(self, task_id: str) -> bytes | None:
        return self._read("saved", task_id)

    def log(self, task_id: str, start: int = 0) -> bytes:
        return self._read("log", task_id, start) or b""

    def page(self, where: Filter = _ANY, *, limit: int = 50, after: int | None = None) -> Page:
        wanted = messages.filtered(where)
        below = b"" if after is None else str(after).encode()
        found: list[Record] = []
        while True:
            records, below = self._run("page", limit + 1 - len(found), below, wanted)
            found += decode_all(records)
            if len(found) > limit:
                return Page(found[:limit], found[limit - 1].seq)
            if not below:
                return Page(found, None)

    def counts(self) -> dict[str, dict[Status, int]]:
        return self._counts([])

    def changes(self, cursor: int | None = None, *, limit: int = 1000) -> Changes:
        since = "" if cursor is None else cursor
        records, after, reset = self._run("changes", since, limit)
        return Changes(decode_all(records), int(after), reset=bool(reset))

    def next_due(self) -> float | None:
        return min((float(time) for time in self._run("next_due")), default=None)

    # -- keeping house ---------------------------------------------------------------------

    def forget(self, before: float, *, limit: int = 1000, count_only: bool = False) -> int:
        before = min(before, self.now() - DAY)
        counting = "count" if count_only else ""
        total, passed, more = 0, 0, 1
        while more and total < limit:
            args = (repr(before), limit - total, passed, counting)
            fitting, skipped, more = self._run("forget", *args)
            total, passed = total + fitting, passed + skipped
        return total

    def size(self) -> int:
        return memory_of(self._server)

    def len(self, queue: str) -> int:
        by_queue = self._counts([] if queue == EVERY else [queue])
        return sum(row.get(status, 0) for row in by_queue.values() for status in UNSTARTED)

    def drop_all(self, queue: str) -> None:
        for name in [*self.counts()] if queue == EVERY else [queue]:
            while self._run("drop_all", name):
                pass

    def verify(self) -> list[str]:
        return verify(self._server, self._run)

    def listen(
        self, topics: Iterable[Topic], *, nap_time: float = 0.1, on_ends: OnEnds | None = None
    ) -> Listener:
        return self._waking.listen(topics, nap_time, self._version, on_ends)

    def close(self) -> None:
        self.closed = True
        self._server.close()

    # --------------------------------------------------------------------------------------

    def _run(self, verb: str, *args: object) -> Any:
        return self._server.run(verb, self._time(), *args)

    def _time(self) -> str:
        return "" if self.clock is None else repr(self.clock())

    def _read(self, verb: str, task_id: str, *args: object) -> bytes | None:
        there, *found = self._run(verb, task_id, *args)
        if not there:
            raise messages.not_found(task_id)
        return found[0] if found else None

    def _read_many(self, kind: str, ids: Sequence[str]) -> dict[str, bytes]:
        return {
            task_id: data
            for part in parts(ids)
            for task_id, data in zip(
                part, self._run("read_many", kind, json.dumps(part)), strict=True
            )
            if data is not None
        }

    def _counts(self, queues: list[str]) -> dict[str, dict[Status, int]]:
        flat = iter(self._run("counts", json.dumps(queues)))
        answer: dict[str, dict[Status, int]] = {}
        for queue, status, count in zip(flat, flat, flat, strict=True):
            answer.setdefault(queue.decode(), {})[Status(status)] = count
        return answer

    def _version(self) -> int:
        """Another number when somebody has written."""
        prefix = f"{{{self._server.address.store}}}:"
        return int(self._server.command("HGET", f"{prefix}meta", "version", patient=False) or 0)


def _listed(names: Iterable[str]) -> str:
    return json.dumps(list(names))


def _claim_ids(count: int) -> str:
    """So many claim ids, one behind the other."""
    return secrets.token_hex(16 * count)


def _answers(words: Iterable[bytes]) -> list[Answer]:
    return [Answer(word.decode()) for word in words]


def _by_age(placed: tuple[int, Presence]) -> tuple[float, int]:
    place, presence = placed
    return presence.started, place
