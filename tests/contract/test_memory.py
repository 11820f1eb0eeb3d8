"""What only the memory store promises."""

import linecache
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from gator_nb.backends.memory import MemoryBackend
from gator_nb.backends.memory import store as store_module
from gator_nb.errors import StoreUnavailable
from gator_nb.states import BLOCKED, CANCELED, FAILED, RUNNING, SUCCESS, WAITING

from .specimens import call, push, record, success, take, take_one, worker
from .stores import Clock, close_clean


@pytest.fixture
def memory() -> Iterator[MemoryBackend]:
    backend = MemoryBackend("memory://")
    backend.register(worker("w1"))
    yield backend
    close_clean(backend)


# -- who shares what --------------------------------------------------------------------------


def test_without_a_name_a_store_is_ones_own() -> None:
    one, two = MemoryBackend("memory://"), MemoryBackend("memory://")
    push(one, "a")
    assert two.get(["a"]) == [None]
    close_clean(one)
    close_clean(two)


def test_a_named_store_is_shared_while_somebody_has_it_open() -> None:
    """The last to close it takes it along."""
    one, two = MemoryBackend("memory://lab"), MemoryBackend("memory://lab")
    push(one, "a")
    close_clean(one)
    assert record(two, "a").status is WAITING
    close_clean(two)
    three = MemoryBackend("memory://lab")
    assert three.get(["a"]) == [None]
    close_clean(three)
    assert store_module._shared == {}


def test_any_other_address_is_a_private_store() -> None:
    """As when it is given as `backend_class` beside the address of something else."""
    one, two = MemoryBackend("redis://host"), MemoryBackend("redis://host")
    push(one, "a")
    assert two.get(["a"]) == [None]
    assert (one.conn_string, one.persistent) == ("redis://host", False)
    assert "this process only" in one.durability
    close_clean(one)
    close_clean(two)


def test_closing_may_be_repeated_and_what_comes_after_is_refused() -> None:
    backend = MemoryBackend("memory://")
    backend.close()
    backend.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        backend.get(["a"])
    with pytest.raises(StoreUnavailable, match="closed"):
        push(backend, "a")


# -- verify -----------------------------------------------------------------------------------


def _miscount(backend: MemoryBackend) -> str:
    backend._store.index.counts["all"][WAITING] += 1
    return "counts"


def _lose_from_line(backend: MemoryBackend) -> str:
    for lines in backend._store.index.lines.values():
        for line in lines.values():
            line.discard("ready")
    return "ready"


def _forget_a_waiter(backend: MemoryBackend) -> str:
    backend._store.index.waiters.clear()
    return "waiters"


def _lose_an_envelope(backend: MemoryBackend) -> str:
    del backend._store.envelopes["ready"]
    return "envelopes"


def _write_another_status(backend: MemoryBackend) -> str:
    records = backend._store.records
    records["ready"] = records["ready"]._replace(status=BLOCKED)
    return "ready"


@pytest.mark.parametrize(
    "plant",
    [_miscount, _lose_from_line, _forget_a_waiter, _lose_an_envelope, _write_another_status],
)
def test_verify_finds_a_planted_fault(plant: Callable[[MemoryBackend], str]) -> None:
    backend = MemoryBackend("memory://")
    backend.put([call("ready"), call("after", depends_on=("ready",))])
    assert backend.verify() == []
    named = plant(backend)
    assert any(named in fault for fault in backend.verify())
    backend.close()


# -- interrupts -------------------------------------------------------------------------------


def _opens_or_closes(frame: FrameType) -> bool:
    """A `with` line: the interpreter lets no Ctrl-C in between it and its lock, a tracer would."""
    text = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
    return text.lstrip().startswith("with ")


@contextmanager
def interrupted_at(line: int) -> Iterator[list[int]]:
    """Ctrl-C at the n-th line that is run inside the memory store; answers how many were."""
    seen = [0]
    lines: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _arg: Any) -> Any:
        if not frame.f_code.co_filename.rpartition("backends")[2].startswith("/memory/"):
            return None
        # From Python 3.12 on a comprehension is part of its function. A tracer that raises where it
        # jumps back leaves the lock held; a signal that comes there does not.
        again = lines.get(frame) == frame.f_lineno
        lines[frame] = frame.f_lineno
        if event == "line" and not again and not _opens_or_closes(frame):
            seen[0] += 1
            if seen[0] == line:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield seen
    except KeyboardInterrupt:
        return
    finally:
        sys.settrace(before)


def _put(backend: MemoryBackend) -> None:
    backend.put([call("new1"), call("new2", depends_on=("ready",)), call("new3", call_key="k")])


def _cancel(backend: MemoryBackend) -> None:
    backend.cancel(["ready"], "me")


def _claim(backend: MemoryBackend) -> None:
    take(backend, 2)


def _settle(backend: MemoryBackend) -> None:
    backend.settle([success(record(backend, "running"))])


VERBS: dict[str, tuple[Callable[[MemoryBackend], None], list[str], list, list]] = {
    "put": (_put, ["new1", "new2", "new3"], [None] * 3, [WAITING, BLOCKED, WAITING]),
    "cancel": (_cancel, ["ready", "after"], [WAITING, BLOCKED], [CANCELED, FAILED]),
    "claim": (_claim, ["ready", "due"], [WAITING, WAITING], [RUNNING, RUNNING]),
    "settle": (_settle, ["running", "last"], [RUNNING, BLOCKED], [SUCCESS, WAITING]),
}
"""A verb, the tasks that it moves, and where they stand before and after."""


def interrupt_everywhere(name: str) -> None:
    """Interrupt a verb at each of its lines in turn; the store is whole and goes on."""
    verb, ids, before, after = VERBS[name]
    line, ran = 0, 1
    while line <= ran:
        line += 1
        backend = MemoryBackend("memory://")
        clock = backend.clock = Clock()
        backend.register(worker("w1"))
        push(backend, "running")
        take_one(backend)
        backend.put([call("ready"), call("due"), call("after", depends_on=("ready",))])
        push(backend, "last", depends_on=("running",))
        clock.advance(1)
        with interrupted_at(line) as seen:
            verb(backend)
        ran = seen[0]
        stands = [one and one.status for one in backend.get(ids)]
        assert stands in (before, after), f"at line {line} of {ran}"
        assert backend.verify() == []
        cursor = backend.changes().cursor
        push(backend, "next")
        assert [one.id for one in backend.changes(cursor).records] == ["next"]
        assert "next" in {one.record.id for one in take(backend, 10)}
        close_clean(backend)
    assert line > 20


@pytest.mark.parametrize("verb", VERBS)
def test_ctrl_c_on_any_line_leaves_all_of_a_step_or_nothing(verb: str) -> None:
    """A person interrupts a cell that pushes in a loop. In an interpreter of its own: a tracer
    that raises gets on badly with what other tests have done to theirs."""
    in_an_interpreter_of_its_own(f"interrupt_everywhere({verb!r})")


def in_an_interpreter_of_its_own(statement: str) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", f"from tests.contract.test_memory import *; {statement}"],
        cwd=root, env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def repeat_what_was_interrupted() -> None:
    """The cell is run again, and the push whose answer was lost finds its task."""
    memory = MemoryBackend("memory://")
    with interrupted_at(40):
        memory.put([call("a", call_key="k")])
    assert memory.put([call("a", call_key="k")])[0].status is WAITING
    assert memory.len("all") == 1
    close_clean(memory)


def test_a_step_that_was_interrupted_can_be_repeated() -> None:
    in_an_interpreter_of_its_own("repeat_what_was_interrupted()")
