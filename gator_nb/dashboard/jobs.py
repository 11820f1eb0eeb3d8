"""What people ask of a store, done on the poller's thread in chunks that each end soon."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple, Protocol

from ..backends.base import Backend
from ..client.client import Client
from ..constants import ALL
from ..definition import new_id
from ..errors import GatorError, StoreUnavailable, TaskNotFound
from ..record import Record
from ..states import CANCELED, FAILED, RUNNING, UNSTARTED, Status
from ..tasks.again import again
from .following import Following
from .query import Query, Wanted, counted

Verb = Literal["cancel", "stop", "retry"]
"""Cancel; stop by force what was asked to stop before; run again as a new task."""

OPEN_TO: dict[Verb, frozenset[Status]] = {
    "cancel": UNSTARTED | {RUNNING},
    "stop": frozenset({RUNNING}),
    "retry": frozenset({FAILED, CANCELED}),
}
"""Which tasks of several a verb is meant for."""

BY = "dashboard"
_CHUNK = 200
_LOOKED_AT = 1_000


class Desk:
    """What a job works with; of one connection."""

    def __init__(self, backend: Backend, following: Following) -> None:
        self.backend = backend
        self.following = following
        self._client: Client | None = None

    def do(self, verb: Verb, ids: Sequence[str]) -> list[Record]:
        """Do it to these tasks, all or none; answers them, or their retries.

        Raises:
            TaskNotFound: one of them is not in the store.
            GatorError: a retry of what has not ended, or of what the store lost.
        """
        if verb == "retry":
            return self._retry(ids)
        return self.backend.cancel(ids, BY, force=verb == "stop")

    def close(self) -> None:
        """Sign off, where something was pushed."""
        if self._client is not None:
            self._client.leave()

    def _retry(self, ids: Sequence[str]) -> list[Record]:
        if self._client is None:
            self._client = Client(self.backend, ALL)
        found = dict(zip(ids, self.backend.get(ids), strict=True))
        pushes = []
        for task_id, record in found.items():
            if record is None:
                raise TaskNotFound(f"the store has no task {task_id}")
            if not record.done:
                raise GatorError(f"{record.label} has not ended: cancel it before it is run again")
            pushes.append(again(self._client, record, new_id()))
        return self._client.put(pushes)


class Job(Protocol):
    """Its methods are called on the poller's thread."""

    def step(self, desk: Desk) -> bool:
        """Do one chunk; whether there is more to do."""

    def fail(self, error: GatorError) -> None:
        """The store went away meanwhile."""


class OneTask(NamedTuple):
    """One verb, one task."""

    verb: Verb
    task_id: str
    answer: Callable[[Record | GatorError], None]
    """Called with the task as it stands then, its retry, or what went wrong."""

    def step(self, desk: Desk) -> bool:
        try:
            (record,) = desk.do(self.verb, [self.task_id])
        except GatorError as error:
            self.answer(error)
        else:
            self.answer(record)
        return False

    def fail(self, error: GatorError) -> None:
        self.answer(error)


class PauseQueue(NamedTuple):
    """Hand out nothing of a queue, or let it go on, its held tasks too."""

    queue: str
    on: bool
    answer: Callable[[GatorError], None]
    """Called where it went wrong."""

    def step(self, desk: Desk) -> bool:
        desk.backend.pause(self.queue, on=self.on)
        if not self.on:
            desk.backend.unhold(self.queue)
        desk.following.look_at_workers()
        return False

    def fail(self, error: GatorError) -> None:
        self.answer(error)


class Bulk(NamedTuple):
    """How a job on many tasks stands."""

    verb: Verb
    phase: Literal["counting", "asking", "working", "over"]
    total: int = 0
    """How many it is meant for; while counting, so far."""
    done: int = 0
    asked: int = 0
    """Of those done: running, and asked to stop."""
    missed: int = 0
    """Had ended, or were gone, before it came to them."""
    trouble: str = ""

    @property
    def open(self) -> bool:
        return self.phase != "over"


class Many:
    """One verb for many tasks: all that match, counted first, or those that are named."""

    def __init__(
        self, verb: Verb, wanted: Query | Sequence[str], tell: Callable[[Bulk], None]
    ) -> None:
        self.stands = Bulk(verb, "counting")
        self._wanted = wanted
        self._tell = tell
        self._ids: list[str] = [] if isinstance(wanted, Query) else list(dict.fromkeys(wanted))
        self._chunks: Iterator[Sequence[str]] | None = None
        self._counting: Iterator[Sequence[str]] | None = None
        self._ended = False

    def confirm(self) -> None:
        """Go on from counting: the number was shown, and is wanted."""
        self.stands = self.stands._replace(phase="working")

    def stop(self) -> None:
        """Do no more; what is done stays done."""
        self._ended = True

    # -- on the poller's thread --------------------------------------------------------------

    def step(self, desk: Desk) -> bool:
        if self._ended:
            self._over()
        elif self.stands.phase == "counting":
            return self._count(desk)
        elif self.stands.phase == "working":
            return self._work(desk)
        return False

    def fail(self, error: GatorError) -> None:
        self._over(str(error))

    def _count(self, desk: Desk) -> bool:
        query = self._wanted
        if not isinstance(query, Query):
            self._say(phase="working", total=len(self._ids))
            return True
        query = meant_for(query, self.stands.verb)
        if query.by_status_alone:
            self._say(phase="asking", total=counted(desk.backend.counts(), query.where))
            return False
        if self._counting is None:
            self._counting = matching(desk.backend, desk.following.wanted(query))
        ids = next(self._counting, None)
        if ids is None:
            self._say(phase="asking", total=len(self._ids))
            return False
        self._ids += ids
        self._say(total=len(self._ids))
        return True

    def _work(self, desk: Desk) -> bool:
        if self._chunks is None:
            self._chunks = self._to_do(desk)
        ids = next(self._chunks, None)
        if ids is None:
            self._over()
            return False
        for record in self._do(desk, ids):
            self._note(record)
        self._tell(self.stands)
        return True

    def _to_do(self, desk: Desk) -> Iterator[Sequence[str]]:
        if self._ids or not isinstance(self._wanted, Query):
            return chunks(self._ids)
        wanted = desk.following.wanted(meant_for(self._wanted, self.stands.verb))
        return (chunk for ids in matching(desk.backend, wanted) for chunk in chunks(ids))

    def _do(self, desk: Desk, ids: Sequence[str]) -> list[Record | None]:
        """All at once; one by one, where one of them has changed meanwhile."""
        verb = self.stands.verb
        before = desk.backend.get(ids)
        meant = [r.id for r in before if r is not None and r.status in OPEN_TO[verb]]
        missed: list[Record | None] = [None] * (len(ids) - len(meant))
        if not meant:
            return missed
        try:
            return [*desk.do(verb, meant), *missed]
        except StoreUnavailable:
            raise
        except GatorError:
            return [*(_one(desk, verb, task_id) for task_id in meant), *missed]

    def _note(self, record: Record | None) -> None:
        stands = self.stands
        retried = record is not None and stands.verb == "retry"
        if record is None or (record.done and record.status is not CANCELED and not retried):
            self.stands = stands._replace(missed=stands.missed + 1)
            return
        asked = stands.asked + (record.status is RUNNING and not retried)
        self.stands = stands._replace(done=stands.done + 1, asked=asked)

    def _say(self, **changes: object) -> None:
        self.stands = self.stands._replace(**changes)  # type: ignore[arg-type]
        self._tell(self.stands)

    def _over(self, trouble: str = "") -> None:
        self._say(phase="over", trouble=trouble)


def meant_for(query: Query, verb: Verb) -> Query:
    """Of the tasks that match, those that the verb is meant for."""
    statuses = query.where.status
    left = OPEN_TO[verb] if statuses is None else statuses & OPEN_TO[verb]
    return query._replace(where=query.where._replace(status=left))


def matching(backend: Backend, wanted: Wanted) -> Iterator[Sequence[str]]:
    """The ids that match, newest first, a chunk at a time; some chunks are empty. What is pushed
    meanwhile is not among them."""
    after: int | None = None
    while True:
        page = backend.page(wanted.where, limit=_LOOKED_AT, after=after)
        yield [record.id for record in page.records if wanted.fits(record)]
        if page.next is None:
            return
        after = page.next


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))


def _one(desk: Desk, verb: Verb, task_id: str) -> Record | None:
    try:
        return desk.do(verb, [task_id])[0]
    except StoreUnavailable:
        raise
    except GatorError:
        return None
