"""Who works on a store: the workers that live, and why none of them runs a task that waits."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from .. import settings
from ..backends.base import Backend, Presence
from ..constants import EVERY, RENEW_EVERY
from ..definition import PYTHON
from ..errors import GatorError
from ..host.liveness import Life, probe
from ..needs import from_text
from ..profiles import as_typed
from ..record import Record
from ..states import BLOCKED, WAITING

_SILENT_AFTER = 3 * RENEW_EVERY
_SLOTS = {"process": "processes", "thread": "threads"}
CARRY_KEY = "gator-nb key show --secret | ssh HOST gator-nb key import"
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
    number: int | None
    """None: they were not counted."""
    missing: str
    """What the workers of that queue lack: "worker" where it has none, else "python", "key",
    "run_in" or "needs"."""

    @property
    def why(self) -> str:
        """A sentence about them."""
        number = "some" if self.number is None else f"{self.number:,}"
        tasks = f"{number} task{'' if self.number == 1 else 's'}"
        return f"no worker can run {tasks} of queue {self.queue!r}: {self.reason}"

    @property
    def reason(self) -> str:
        """What is in their way."""
        lane = self.lane
        return {
            "worker": "none serves that queue",
            "python": f"they need Python {lane.python}",
            "key": f"they are signed with key {lane.key}, which no worker has",
            "run_in": f"they ask for run_in={lane.run_in!r}",
            "needs": f"they need {lane.needs}",
        }[self.missing]

    @property
    def advice(self) -> str:
        """What to do; `command` does it."""
        return {
            "worker": "start one",
            "python": "start one",
            "key": f"bring that key to a worker and start it anew (or set ${settings.KEY})",
            "run_in": f"start a worker with {_SLOTS.get(self.lane.run_in)}",
            "needs": "start a worker that has it",
        }[self.missing]

    def mend(self, backend: Backend) -> str:
        """What to do, with the command."""
        joint = {"worker": " with", "python": " with", "key": ":"}.get(self.missing, ", as")
        return f"{self.advice}{joint} {self.command(backend)}"

    def command(self, backend: Backend) -> str:
        """What a person types to have them run."""
        lane, start = self.lane, start_command(backend, self.lane.python)
        if self.missing == "key":
            return CARRY_KEY
        if self.missing == "run_in" and lane.run_in in _SLOTS:
            return f"{start} --{_SLOTS[lane.run_in]} 2"
        return _with_needs(backend, lane, start) if self.missing == "needs" else start

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
    try:
        needs = from_text(lane.needs)
    except ValueError:  # a store may hold anything: nobody has what has no name
        return start
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


def unserved_lanes(
    backend: Backend, queues: Iterable[str], there: Sequence[Seen]
) -> list[Unserved]:
    """The same of all that waits in these queues, by their lanes alone: what it costs does not grow
    with the tasks, and they are not counted."""
    found = []
    for queue in queues:
        serving = [one.presence for one in there if serves(one.presence, queue)]
        served = [lane for one in serving for lane in one.lanes]
        for text in sorted(backend.lanes([queue]) - set(served)):
            lane = lane_from(text)
            found.append(Unserved(queue, lane, None, _missing(lane, served)))
    return found


def why_nobody_begins(backend: Backend, ids: Sequence[str], *, here: bool = True) -> str | None:
    """Why some of these tasks, or of those that they wait for, will not begin, and what to do; None
    when there is a worker for each. Of many tasks the first are looked at.

    Args:
        here: tell what this process can do by itself, too.

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
    mends = (line.mend_here(backend) if here else line.mend(backend) for line in lines)
    told = (f"{line.why}; {mend}" for line, mend in zip(lines, mends, strict=True))
    return "; ".join(told) or None


def unless_nobody_runs(backend: Backend, ids: Sequence[str]) -> str:
    """The end of a sentence that says of tasks that they go on: why they will not, if so."""
    with suppress(GatorError):
        why = why_nobody_begins(backend, ids)
        return f", but {why}" if why else ""
    return ""


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


def refuse_another_python(backend: Backend, record: Record) -> None:
    """Stop before the code of another Python is run here, which could end this process.

    Raises:
        GatorError: names the Python that it needs, and the command that starts a worker of it.
    """
    python = lane_from(record.lane or "").python
    if python and python != PYTHON:
        raise GatorError(
            f"task {record.id!r} was pushed by Python {python}, and this is {PYTHON}, which cannot "
            f"run its code: start a worker with {start_command(backend, python)}"
        )


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
    """Whether a worker takes the tasks of this queue; one that ends takes none."""
    return not worker.draining and (EVERY in worker.queues or queue in worker.queues)


def lives(presence: Presence, now: float) -> bool:
    """By its lock where that tells; by its lease on other hosts, and after a boot of this one."""
    life = probe(presence.lock, presence.boot)
    if life is Life.UNKNOWN:
        return now - presence.renewed <= presence.lease
    return life is Life.ALIVE
