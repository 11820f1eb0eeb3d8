"""One store as one process uses it: the backend, the keyring and the watcher behind every handle.

Tasks, groups, workers and the facade all reach the store through here; signatures are made and
checked here, and nowhere is anything unpickled before.
"""

import atexit
import math
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import cached_property
from weakref import WeakSet

from .. import keys, settings
from ..backends.base import Answer, Backend, Claimed, Presence, Push
from ..constants import THREAD_LEASE
from ..definition import PYTHON, Definition, new_id
from ..errors import DependencyError, GatorError, TaskExists, TaskNotFound
from ..host.liveness import LifeLock, boot_id, host_name
from ..option_values import PLACES, one_of
from ..payload import (
    Call,
    CallHeader,
    Frozen,
    Outcome,
    Packing,
    difference,
    frozen_in,
    open_call,
    open_checkpoint,
    open_outcome,
    seal_checkpoint,
    thawed,
)
from ..record import Record, lane_of
from ..warning import warn_user
from .depot import Depot, StoreDepot
from .endings import Endings
from .here import stop_if_asked, working_with
from .kept import Place
from .reaping import reap
from .watcher import Watcher

_WORTH_TELLING = 100 << 20
"""Bytes that a push stores beside its calls before it says so."""


class Client:
    """The store of one `Gator`.

    Attributes:
        backend: the store itself.
        queue: where tasks are pushed.
        session: the id under which this process is registered as a pusher.
    """

    def __init__(self, backend: Backend, queue: str, run_in: str | None = None) -> None:
        self.backend = backend
        self.queue = queue
        self.run_in = one_of(*PLACES)(run_in or settings.run_in(), "run_in")
        """Where tasks run that do not say; None is anywhere."""
        self.session = new_id()[:16]
        self.watcher = Watcher(backend, self.session, self.reap)
        self.endings = Endings(self.watcher)
        self._lock = threading.Lock()
        self._life: LifeLock | None = None
        self._arrived = self._named = False
        self.after_push: Callable[[Sequence[Record]], None] = lambda _: None
        """Called after each push; a notebook starts its worker there."""
        self.pid = os.getpid()
        _clients.add(self)

    @cached_property
    def keyring(self) -> keys.Keyring:
        """The keys of this user; a store that lives in this process has a key of its own."""
        return keys.load() if self.backend.persistent else keys.ephemeral()

    @cached_property
    def depot(self) -> Depot:
        """The large values in the store."""
        return self._store_depot

    @cached_property
    def _store_depot(self) -> StoreDepot:
        return StoreDepot(self.backend.blobs)

    def lanes(self, where: str | None) -> tuple[str, ...]:
        """The lanes that can be served here by running code in a "thread" or a "process"; None is
        somewhere else."""
        places = (None,) if where is None else (None, where)
        return tuple(lane_of(PYTHON, key, place) for key in self.keyring.ids for place in places)

    def same_store(self, other: "Client") -> bool:
        """Whether the other one works with the same tasks."""
        address = self.backend.conn_string
        shared = address == other.backend.conn_string and not address.endswith("://")
        return self.backend is other.backend or shared

    # -- who we are ------------------------------------------------------------------------

    def arrive(self, *, to_run: bool = False) -> str:
        """Register this process, once; answers the id that its pushes and claims carry.

        Args:
            to_run: it runs tasks itself, and has a name from then on: people read who did.
        """
        if not self._arrived or (to_run and not self._named):
            with self._lock:
                if not self._arrived or (to_run and not self._named):
                    self._register(named=to_run)
        return self.session

    def _register(self, *, named: bool) -> None:
        life = self._life or (LifeLock() if self.backend.persistent else None)
        here = self.presence(self.session, "session", life)
        try:
            self.backend.register(here._replace(name=f"{here.host}:{here.pid}") if named else here)
        except BaseException:
            if life is not None and life is not self._life:
                life.free()
            raise
        self._life, self._arrived, self._named = life, True, named

    def presence(self, presence_id: str, kind: str, life: LifeLock | None) -> Presence:
        """A description of this process, to be registered."""
        return Presence(
            id=presence_id,
            kind="worker" if kind == "worker" else "session",
            host=host_name(),
            boot=boot_id(),
            lock=life.path if life else "",
            pid=os.getpid(),
            python=PYTHON,
            kernel=in_kernel(),
            # What lives in this process cannot die before us, whatever a closed lid does to clocks.
            lease=THREAD_LEASE if self.backend.persistent else math.inf,
            started=self.backend.now(),
        )

    # -- pushing ---------------------------------------------------------------------------

    def push(self, definitions: Iterable[Definition], queue: str | None = None) -> list[Record]:
        """Store tasks, all or none; answers their records, which may be of tasks there before.

        Args:
            queue: where those go whose options name no other; None is this client's own.
        """
        session, line = self.arrive(), queue or self.queue
        with working_with(self):
            there = list(definitions)
            packing = Packing(several=len(there) > 1)
            pushes = [self._to_push(one, line, session, packing) for one in there]
        self._store_large(packing)
        return self.put(pushes)

    def _store_large(self, packing: Packing) -> None:
        larges = packing.larges.values()
        if not larges:
            return
        stop_if_asked()
        stored = self.depot.store(larges)
        if stored >= _WORTH_TELLING:
            warn_user(
                f"this call takes along {stored / 1e6:,.0f} MB, which were stored just now, once "
                "for all tasks that use them; gator.inspect(...) tells what they are"
            )

    def put(self, pushes: Sequence[Push]) -> list[Record]:
        """Store what has been pickled and signed."""
        stop_if_asked()
        try:
            with self.watcher.pushing(push.record.id for push in pushes):
                records = self.backend.put(pushes)
        except TaskExists as error:
            raise TaskExists(f"{error}{self._differing(pushes)}") from None
        self.after_push(records)
        return records

    def _differing(self, pushes: Sequence[Push]) -> str:
        """What sets a call apart from that which has its id, as a sentence to add."""
        there = self.backend.get([push.record.id for push in pushes])
        for push, known in zip(pushes, there, strict=True):
            keys = push.record.call_key, known and known.call_key
            if keys[0] and keys[1] and keys[0] != keys[1]:
                return f". What differs: {difference(keys[0], keys[1])}"
        return ""

    def push_claimed(self, definition: Definition) -> Record:
        """Store a task and claim it in one step; one that is there already stays unclaimed."""
        session = self.arrive(to_run=True)
        with working_with(self):
            packing = Packing()
            push = self._to_push(definition, self.queue, session, packing)
        self._store_large(packing)
        return self.backend.put([push], claimed_by=session)[0]

    def _to_push(self, definition: Definition, queue: str, session: str, packing: Packing) -> Push:
        more = definition.more
        if self.run_in is not None and "run_in" not in more:
            more = definition.more = {**more, "run_in": self.run_in}
        in_process = more.get("run_in") == "process"
        if in_process and not self.backend.persistent:
            raise ValueError(
                f'run_in="process": {self.backend.conn_string} lives in this process only; '
                'use a store that lasts, as Gator("sqlite:///tasks.sqlite")'
            )
        if more.get("env") and not in_process:
            raise ValueError('env=...: only a process has an environment: add run_in="process"')
        return definition.to_push(self.keyring, queue, session, packing)

    # -- reading ---------------------------------------------------------------------------

    def record(self, task_id: str) -> Record:
        """The record of a task.

        Raises:
            TaskNotFound
        """
        stop_if_asked()
        (record,) = self.backend.get([task_id])
        if record is None:
            raise TaskNotFound(f"no task has the id {task_id!r} in {self.backend.conn_string}")
        return record

    def outcome(self, record: Record) -> Outcome | None:
        """The newest outcome of a task, its signature checked; None before there is one."""
        data = self.backend.outcome(record.id)
        return None if data is None else self.opened_outcome(record, data)

    def opened_outcome(self, record: Record, data: bytes) -> Outcome:
        """That out of the bytes in the store.

        Raises:
            Untrusted, KeyMissing
        """
        return open_outcome(self.keyring, data, task_id=record.id, claim=record.outcome_claim)

    def outcomes(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The outcomes of many tasks as the store holds them, for `opened_outcome`."""
        return self.backend.outcomes(ids) if len(ids) > 1 else {}

    def open(self, record: Record, envelope: bytes) -> tuple[CallHeader, Call]:
        """The call in an envelope, its signature checked first.

        Raises:
            Untrusted, KeyMissing: the envelope is not what a holder of the key stored.
            Exception: whatever unpickling raises, such as ModuleNotFoundError.
        """
        header, payload = self.verified(record, envelope)
        with working_with(self):
            return header, thawed(Frozen(payload, header.refs), self.depot.fetch)

    def results_for(self, header: CallHeader) -> dict[str, Frozen]:
        """The results that a call refers to, verified and still pickled; see `load_call`.

        Raises:
            DependencyError: one of them is not there any more.
            Untrusted, KeyMissing
        """
        return {name: self._result(task_id) for name, task_id in (header.results or {}).items()}

    def _result(self, task_id: str) -> Frozen:
        try:
            outcome = self.outcome(self.record(task_id))
        except TaskNotFound:
            outcome = None
        frozen = frozen_in(outcome) if outcome is not None and outcome.ok else None
        if frozen is None:
            raise DependencyError(
                f"an argument is the result of task {task_id}, which is not in the store: "
                "run that one again, and push this call anew"
            )
        return frozen

    def verified(self, record: Record, envelope: bytes) -> tuple[CallHeader, bytes]:
        """The header and the pickled call of an envelope whose signature fits.

        Raises:
            Untrusted, KeyMissing
        """
        return open_call(self.keyring, envelope, origin=record.origin, queue=record.queue)

    def place_of(self, name: str) -> Place | bytes:
        """Where a large value lies, for a child of this process; or its bytes.

        Raises:
            BlobMissing, StoreUnavailable, Untrusted
        """
        return self._store_depot.place(name)

    # -- checkpoints -----------------------------------------------------------------------

    def save(self, record: Record, claim: str, payload: bytes) -> Answer:
        """Keep a pickled checkpoint of a task that runs under `claim`."""
        data = seal_checkpoint(self.keyring, record.id, claim, payload)
        return self.backend.save(record.id, claim, data)

    def saved(self, task_id: str) -> bytes | None:
        """The pickled checkpoint that a task goes on from; None where there is none.

        Raises:
            Untrusted, KeyMissing
        """
        holder = self.record(task_id).checkpoint
        data = None if holder is None else self.backend.saved(task_id)
        if data is None or holder is None:
            return None
        return open_checkpoint(self.keyring, data, task_id=holder)

    # -- running here ----------------------------------------------------------------------

    def claim(self, queues: Sequence[str] | None) -> Claimed | None:
        """Take the next due task for this thread; None when there is none."""
        claimed = self.backend.claim(self.arrive(to_run=True), queues, self.lanes("thread"), 1)
        return claimed[0] if claimed else None

    def claim_task(self, task_id: str) -> Claimed | Record:
        """Take this very task for this thread; a finished one is answered as its record."""
        return self.backend.claim_task(self.arrive(to_run=True), task_id)

    def reap(self) -> list[Record]:
        """Take their claims from workers that died; answers the tasks that moved."""
        return reap(self.backend)

    def leave(self) -> None:
        """Stop watching and sign off; what was pushed stays. May be repeated."""
        self.watcher.close()
        self.endings.join()
        with self._lock:
            arrived, self._arrived, self._named = self._arrived, False, False
            try:
                if arrived:
                    self.backend.unregister(self.session)
            finally:
                if self._life is not None:
                    self._life.free()
                    self._life = None

    def close(self) -> None:
        """Leave the store and close it. May be repeated."""
        try:
            self.leave()
        finally:
            if "_store_depot" in self.__dict__:
                self._store_depot.close()
            self.backend.close()


_clients: "WeakSet[Client]" = WeakSet()


@atexit.register
def _leave_all() -> None:
    """At the interpreter's end, after the workers: nobody has to find out that we are gone."""
    for client in list(_clients):
        if client.pid == os.getpid():
            with suppress(GatorError):  # a store that is away finds the lock free
                client.close()


def in_kernel() -> bool:
    """Whether this process is a notebook's kernel."""
    kernel = sys.modules.get("ipykernel.kernelapp")
    return bool(kernel and kernel.IPKernelApp.initialized())
