"""What one memory store holds, and how a change becomes part of it."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from weakref import WeakSet

from ...constants import NAMES_KEPT
from ...record import Record
from ...states import BLOCKED, DELAYED, RETRYING, RUNNING, SUCCESS, TERMINAL, WAITING, Status
from ..base import Ending, OnEnds, Presence, Topic
from ..listening import Bell
from .blobs import Shelf
from .index import Index

_WAKES: list[Topic | None] = ["news" if status in TERMINAL else None for status in Status]
for _status in (WAITING, DELAYED, RETRYING):
    _WAKES[_status] = "work"


class StoreListener(Bell):
    """One waiter of a memory store."""

    def __init__(self, store: "Store", topics: frozenset[Topic], on_ends: OnEnds | None) -> None:
        super().__init__(on_ends)
        self._store = store
        self._topics = topics
        with store.lock:
            for topic in topics:
                store.bells[topic] = (*store.bells[topic], self)

    def close(self) -> None:
        with self._store.lock:
            for topic in self._topics:
                self._store.bells[topic] = tuple(
                    bell for bell in self._store.bells[topic] if bell is not self
                )


class Store:
    """Records and what belongs to them. Whoever reads or writes holds `lock`.

    A Ctrl-C can land between any two lines here. The records change in one step that cannot be
    halved; `index` notices when what follows from them was left half done, and derives it anew.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.records: dict[str, Record] = {}
        """In push order."""
        self.envelopes: dict[str, bytes] = {}
        """By origin."""
        self.outcomes: dict[str, bytes] = {}
        self.checkpoints: dict[str, bytes] = {}
        self.logs: dict[str, bytearray] = {}
        self.shelf = Shelf()
        self.presences: dict[str, Presence] = {}
        self.departed: dict[str, Presence] = {}
        self.left: dict[str, str] = {}
        """Names of those that left, the last at the end."""
        """Unregistered, with claims that no reap has taken yet."""
        self.paused: set[str] = set()
        """Queues that nothing is handed out of."""
        self.seq = 0
        self.version = 0
        self.removed_at = 0
        """The version at which records were last removed."""
        self.bells: dict[Topic, tuple[StoreListener, ...]] = {"work": (), "news": ()}
        self.halfway = False
        self._index = Index(self.records)

    @property
    def index(self) -> Index:
        if self.halfway:
            self._index = Index(self.records)
            self.envelopes = {origin: self.envelopes[origin] for origin in self._index.origins}
            self.halfway = False
        return self._index

    def commit(self, changed: Mapping[str, Record]) -> set[Topic]:
        """Make these records part of the store; the topics that they concern."""
        index, records = self._index, self.records
        before = list(map(records.get, changed))
        self.halfway = True
        records.update(changed)
        topics: set[Topic | None] = set()
        for old, new in zip(before, changed.values()):  # noqa: B905 -- as many as there are
            if old is None:
                index.add(new)
            else:
                index.change(old, new)
            if old is None or old.status is not new.status:
                topics.add(_WAKES[new.status])
                if old is not None and old.status is RUNNING and old.limit:
                    topics.add("work")  # there is room for another
        index.note(changed.values())
        self.halfway = False
        return {topic for topic in topics if topic is not None}

    def remove(self, doomed: Iterable[Record]) -> None:
        """Take records out, with everything that only they need."""
        index = self.index
        self.version += 1
        self.removed_at = self.version
        self.halfway = True
        for record in doomed:
            del self.records[record.id]
            index.remove(record)
            self.outcomes.pop(record.id, None)
            self.checkpoints.pop(record.id, None)
            self.logs.pop(record.id, None)
            self.shelf.disown(record.id)
            if record.origin not in index.origins:
                del self.envelopes[record.origin]
        self.halfway = False
        self.wake("work")
        self.wake("news")

    def lost(self, dead: set[str], living: set[str], now: float, connected: float) -> list[str]:
        """The holders of claims that are dead, gone, or, where nobody knows them living, silent
        for longer than their lease, which begins anew for who `connected` since."""

        def is_lost(worker: str) -> bool:
            presence = self.presences.get(worker)
            if presence is None or worker in dead:
                return True
            silent = now - max(presence.renewed, connected)
            return silent >= presence.lease and worker not in living

        return [worker for worker in self.index.held if is_lost(worker)]

    def remember(self, left: Presence) -> None:
        """Keep the name of a worker that leaves, for as long as not many have left since."""
        self.left.pop(left.id, None)
        if left.name:
            self.left[left.id] = left.name
        if len(self.left) > NAMES_KEPT:
            del self.left[next(iter(self.left))]

    def wake(self, topic: Topic) -> None:
        for bell in self.bells[topic]:
            bell.hear()

    def tell(self, endings: Sequence[Ending]) -> None:
        """Tell of tasks that have ended; whoever calls does not hold the lock."""
        for bell in self.bells["news"] if endings else ():
            bell.hear_ends(endings)

    def faults(self) -> list[str]:
        """A sentence for each index, counter or record that does not agree with the records."""
        found = self.index.differences(Index(self.records))
        if self.envelopes.keys() != self._index.origins.keys():
            odd = sorted(self.envelopes.keys() ^ self._index.origins.keys())
            found.append(f"envelopes: these are missing or nobody's: {', '.join(odd)}")
        for record in self.records.values():
            fault = self._fault(record)
            if fault:
                found.append(f"task {record.id} ({record.status}) {fault}")
        return found + self.shelf.faults(self.records)

    def _fault(self, record: Record) -> str | None:
        if record.done:
            return None if record.finished is not None else "has ended at no time"
        dependencies = (self.records.get(task_id) for task_id in set(record.depends_on))
        waits_for = sum(one is not None and one.status is not SUCCESS for one in dependencies)
        if record.open_deps != waits_for:
            return f"has {record.open_deps} open dependencies written down and {waits_for} in fact"
        blocked = record.held or record.open_deps > 0
        if record.unstarted and blocked is not (record.status is BLOCKED):
            return "is blocked by nothing, or should be blocked"
        if record.status is RUNNING and (record.claim is None or record.worker is None):
            return "runs without a claim"
        return None


_shared: dict[str, tuple[Store, WeakSet[object]]] = {}
"""Named stores, and who has them open."""
_sharing = threading.Lock()


def open_store(address: str, holder: object) -> Store:
    """The store that an address names, else one for `holder` alone."""
    scheme, _, name = address.partition("://")
    if scheme not in {"memory", "locmem"} or not name:
        return Store()
    with _sharing:
        store, holders = _shared.get(name, (None, ()))
        if store is None or not holders:
            store, holders = _shared[name] = Store(), WeakSet()
        _shared[name][1].add(holder)
        return store


def leave_store(holder: object) -> None:
    """`holder` has closed it; with the last one a named store is gone."""
    with _sharing:
        for name, (_, holders) in list(_shared.items()):
            holders.discard(holder)
            if not holders:
                del _shared[name]
