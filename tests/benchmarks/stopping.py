"""How long a cancel takes by what the code does, how soon a killed worker's task runs elsewhere,
and how long a Group of ten thousand takes."""

import contextlib
import itertools
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from gator_nb import CANCELED, Gator, Worker, progress
from gator_nb.host.process_tree import marked

from ..waiting import until
from .killing import watched
from .measure import OURS, Case, Limit, Plan, Unit, seconds_of
from .own_queue import own_queue

_MOST_SECONDS = 7.0
_MANY = 10_000
_PATIENCE = 60.0

_KILLED = "kill -9 of a worker on this host, until its task has run again"
_KILLED_FAR = "kill -9 of a worker on another host, until its task has run again"


def _cancel_of(where: str, name: str) -> str:
    return f"cancel in a {where}: {name}"


@contextmanager
def cases(plan: Plan) -> Iterator[list[Case]]:
    """Of all that is canceled by one worker of each kind, which goes on with the next."""
    with ExitStack() as stack:
        served = {
            where: (stack.enter_context(_served(where)), codes) for where, codes in _CODES.items()
        }
        far = []
        if not plan.short:  # it waits for two leases
            kill = stack.enter_context(watched(elsewhere=True))
            far.append(Case(OURS, {_KILLED_FAR: "s"}, lambda: (kill(),), once=True))
        parts = ("pushed", "canceled", "run and followed")
        tells: dict[str, Unit] = {f"a Group of {_MANY:,}: {part}": "s" for part in parts}
        yield [
            *(
                Case.one(
                    _cancel_of(where, name), OURS, "s", partial(_canceled, gator, code), cold=True
                )
                for where, (gator, codes) in served.items()
                for name, code in codes.items()
            ),
            Case.one(_KILLED, OURS, "s", _killed, cold=True),
            *far,
            Case(OURS, tells, partial(_many, plan.count(_MANY)), cold=True),
        ]


# -- what is canceled --------------------------------------------------------------------------


def begun(code: Callable[[], None]) -> None:
    """Say that it runs, then run."""
    print("begun", flush=True)
    code()


def cooperative() -> None:
    for done in itertools.count():
        progress(done)
        time.sleep(0.01)


def sleeping() -> None:
    time.sleep(600)


def python_loop() -> None:
    while True:
        pass


def in_c_code() -> None:
    sum(itertools.repeat(0))


def hostile() -> None:
    """Swallows all there is, with a grandchild in a session of its own."""
    subprocess.Popen(["sleep", "600"], start_new_session=True)
    while True:
        with contextlib.suppress(BaseException):
            time.sleep(600)


_CODES: dict[str, dict[str, Callable[[], None]]] = {
    "process": {
        "cooperative": cooperative,
        "sleeping": sleeping,
        "a loop in Python": python_loop,
        "in C code": in_c_code,
        "hostile, with a set-sid grandchild": hostile,
    },
    "thread": {"cooperative": cooperative, "a loop in Python": python_loop},
}

TARGETS = [
    *(
        Limit(_cancel_of(where, name), _MOST_SECONDS, worst=True)
        for where, codes in _CODES.items()
        for name in codes
    ),
    Limit(_KILLED, 2.0, worst=True),
    Limit(_KILLED_FAR, 17.0, worst=True),
]


@contextmanager
def _served(where: str) -> Iterator[Gator]:
    """A queue with one worker; nothing is left of what its tasks started."""
    options = {"processes": 1} if where == "process" else {"threads": 1}
    with own_queue() as gator:
        with Worker(gator, **options) as worker:  # type: ignore[arg-type]
            gator.task(int).get(timeout=_PATIENCE)
            yield gator
        assert not marked(f"{worker.id}:")


def _canceled(gator: Gator, code: Callable[[], None]) -> float:
    """From the request until the task is CANCELED, which is said only once its code has stopped."""
    task = gator.task(begun, code)
    until(lambda: "begun" in task.logs(), _PATIENCE)
    taken = seconds_of(lambda: task.cancel().wait(timeout=_PATIENCE))
    assert task.status is CANCELED
    return taken


def _killed() -> float:
    with watched(elsewhere=False) as kill:
        return kill()


# -- very many ---------------------------------------------------------------------------------


def _many(count: int) -> tuple[float, float, float]:
    with own_queue() as gator:
        start = time.perf_counter()
        group = gator.map(abs, range(count))
        pushed = time.perf_counter() - start
        canceled = seconds_of(group.cancel)
        group = gator.map(abs, range(count))
        gator.start_worker(threads=2)

        def follow() -> None:
            assert sum(1 for _ in group.as_completed(timeout=2 * _PATIENCE)) == count

        return pushed, canceled, seconds_of(follow)
