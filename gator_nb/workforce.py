"""Who works on a store: the workers that live, and why none of them runs a task that waits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from . import settings
from .backends.base import Backend, Presence
from .constants import EVERY, RENEW_EVERY
from .definition import PYTHON
from .liveness import Life, probe
from .needs import from_text
from .profiles import as_typed
from .record import Record
from .states import BLOCKED, WAITING

_SILENT_AFTER = 3 * RENEW_EVERY
_SLOTS = {"process": "processes", "thread": "threads"}
_LOOKED_AT = 200
"""Tasks that a wait looks at to find out why they do not begin: of each lane the first will do."""


class Seen(NamedTuple):
    """A worker that lives as far as anybody can tell."""

    presence: Presence
    silent: bool
    """It has not been heard of for a while."""


class Lane(NamedTuple):
    """The requirements of a task, taken apart; see `record.lane_of`."""

    python: str
    key: str
    run_in: str
    needs: str


class Unserved(NamedTuple):
    """Waiting tasks that no living worker takes."""

    queue: str
    lane: Lane
    number: int
    missing: str
    """What the workers of that queue lack: "worker" where it has none, else "python", "key",
    "run_in" or "needs"."""

    @property
    def why(self) -> str:
        """A sentence about them."""
        lane, tasks = self.lane, f"{self.number:,} task{'' if self.number == 1 else 's'}"
        reason = {
            "worker": "none serves that queue",
            "python": f"they need Python {lane.python}",
            "key": f"they are signed with key {lane.key}, which no worker has",
            "run_in": f"they ask for run_in={lane.run_in!r}",
            "needs": f"they need {lane.needs}",
        }[self.missing]
        return f"no worker can run {tasks} of queue {self.queue!r}: {reason}"

    def mend(self, backend: Backend) -> str:
        """What to do, with the command where one helps."""
        lane, start = self.lane, start_command(backend, self.lane.python)
        return {
            "worker": f"start one with {start}",
            "python": f"start one with {start}",
            "key": f"bring that key to a worker: its file, or ${settings.KEY}",
            "run_in": f"start a worker with {_SLOTS.get(lane.run_in)}",
            "needs": f"start a worker that has it, as {_with_needs(backend, lane, start)}",
        }[self.missing]

    def mend_here(self, backend: Backend) -> str:
        """That, and what this process can do by itself."""
        lane, elsewhere = self.lane, self.mend(backend)
        own = self.missing in ("worker", "python", "run_in") and lane.python == PYTHON
        if not own:
            return elsewhere
        slots = "processes=2" if lane.run_in == "process" else ""
        here = f"gator.start_worker({slots}) starts one here"
        return f"{here}; elsewhere {elsewhere}" if backend.persistent else here


def _with_needs(backend: Backend, lane: Lane, start: str) -> str:
    needs = from_text(lane.needs)
    if not backend.persistent:
        return f"Worker(gator, has={needs})"
    return " ".join([start, *(f"--has {name}={amount}" for name, amount in needs.items())])


def start_command(backend: Backend, python: str = PYTHON) -> str:
    """What starts a worker of that Python for every queue of a store."""
    program = "gator-nb" if python == PYTHON else f"python{python} -m gator_nb"
    return f"{program} worker {as_typed(backend.address)}"


def workers(backend: Backend) -> list[Seen]:
    """The workers that live, oldest first: by their locks where these tell, else by their leases.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     workers(gator.backend)
    []
    """
    now = backend.now()
    return [
        Seen(one, now - one.renewed > _SILENT_AFTER)
        for one in backend.presences()
        if one.kind == "worker" and lives(one, now)
    ]


def unserved(waiting: Iterable[Record], there: Iterable[Seen]) -> list[Unserved]:
    """Which of these waiting tasks none of these workers takes, by queue and lane."""
    lines = Counter((one.queue, one.lane) for one in waiting)
    presences = [one.presence for one in there]
    found = []
    for (queue, lane), number in lines.items():
        served = [lanes for one in presences if serves(one, queue) for lanes in one.lanes]
        if lane not in served:
            wanted = lane_from(lane)
            found.append(Unserved(queue, wanted, number, _missing(wanted, served)))
    return found


def why_nobody_begins(backend: Backend, ids: Sequence[str]) -> str | None:
    """Why some of these tasks, or of those that they wait for, will not begin, and what to do; None
    when there is a worker for each. Of many tasks the first are looked at.

    >>> from gator_nb import Gator
    >>> with Gator("memory://") as gator:
    ...     task = gator.task(pow, 2, 10)
    ...     why_nobody_begins(gator.backend, [task.task_id]).partition(";")[0]
    "no worker can run 1 task of queue 'all': none serves that queue"
    """
    waiting = _that_wait(backend, ids)
    if not waiting:
        return None
    lines = unserved(waiting, workers(backend))
    return "; ".join(f"{line.why}; {line.mend_here(backend)}" for line in lines) or None


def _that_wait(backend: Backend, ids: Sequence[str]) -> list[Record]:
    """Those that are ready among these and what they depend on."""
    found: list[Record] = []
    seen: set[str] = set()
    left = list(dict.fromkeys(ids))[:_LOOKED_AT]
    while left and len(seen) < _LOOKED_AT:
        seen.update(left)
        records = [record for record in backend.get(left) if record is not None]
        found += [record for record in records if record.status is WAITING]
        parents = (
            one for record in records if record.status is BLOCKED for one in record.depends_on
        )
        left = [one for one in dict.fromkeys(parents) if one not in seen][:_LOOKED_AT]
    return found


def lane_from(text: str) -> Lane:
    """A lane taken apart; what is not there is empty."""
    parts = text.split("/", 3)
    return Lane(*parts, *[""] * (4 - len(parts)))


def _missing(wanted: Lane, served: Sequence[str]) -> str:
    """The first requirement that no served lane fulfils together with those before it."""
    lanes = [lane_from(text) for text in served]
    if not lanes:
        return "worker"
    for name in Lane._fields:
        lanes = [lane for lane in lanes if getattr(lane, name) == getattr(wanted, name)]
        if not lanes:
            return name
    return "needs"


def serves(worker: Presence, queue: str) -> bool:
    """Whether a worker takes the tasks of this queue."""
    return EVERY in worker.queues or queue in worker.queues


def lives(presence: Presence, now: float) -> bool:
    """By its lock where that tells; by its lease on other hosts, and after a boot of this one."""
    life = probe(presence.lock, presence.boot)
    if life is Life.UNKNOWN:
        return now - presence.renewed <= presence.lease
    return life is Life.ALIVE
