"""A process that waits for its next task holds nothing of the last one, which may be large."""

from collections.abc import Callable

import pytest

from gator_nb import Gator


class Frame:
    """Stands for a large data frame."""


def _value_of(frame: Frame) -> Callable[[], int]:
    def told() -> int:
        import gc

        gc.disable()  # what is freed from here on is freed at once
        print(frame is not None)
        return 42

    return told


def _failure_of(frame: Frame) -> Callable[[], int]:
    def failed() -> int:
        import gc

        gc.disable()
        raise ValueError(frame is not None)

    return failed


def _frames_here() -> int:
    import gc

    return sum(type(one).__name__ == "Frame" for one in gc.get_objects())


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("made", [_value_of, _failure_of])
def test_what_a_task_captured_is_freed_when_it_has_ended(
    gator: Gator, made: Callable[[Frame], Callable[[], int]]
) -> None:
    """The next task in the same process finds nothing of it."""
    gator.task(made(Frame())).wait(timeout=60)
    assert gator.task(_frames_here).get(timeout=60) == 0
