"""A worker in a kernel holds nothing of what has ended: what tasks capture may be large."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from gator_nb import Gator, Worker

from ..waiting import until

_loaded: "weakref.WeakSet[Frame]" = weakref.WeakSet()


class Frame:
    """Stands for a large data frame; tells of its copies that tasks have loaded."""

    def __setstate__(self, state: object) -> None:
        _loaded.add(self)

    def __getstate__(self) -> object:
        return "rows"


@pytest.fixture
def _no_collector() -> Iterator[None]:
    """What is freed now was freed at once: the collector of cycles is off, and may be so for long
    where a kernel holds much."""
    gc.disable()
    yield
    gc.enable()


def _sum_of(frame: Frame) -> Callable[[], int]:
    return lambda: frame is not None and 42


def _print_of(frame: Frame) -> Callable[[], int]:
    def told() -> int:
        print(frame is not None)
        return 42

    return told


def _failure_of(frame: Frame) -> Callable[[], int]:
    def failed() -> int:
        raise ValueError(frame is not None)

    return failed


@pytest.mark.parametrize("made", [_sum_of, _print_of, _failure_of])
@pytest.mark.usefixtures("_no_collector")
def test_what_a_task_captured_is_freed_when_it_has_ended(
    gator: Gator, made: Callable[[Frame], Callable[[], int]]
) -> None:
    """At once, though no other task comes and nothing is collected."""
    with Worker(gator, threads=2):
        gator.task(made(Frame())).wait(timeout=30)
        until(lambda: not _loaded)
