"""rich's bars inside of a task become its progress, without a change to the user's code.

Of several the first of the outermost `Progress` is told. Outside of a task they are what they were.
"""

from contextlib import nullcontext
from types import ModuleType
from typing import Any

from ..output.post_import import when_imported
from .running import Try, current_try


def teach_rich_bars() -> None:
    """Teach rich's bars, now or when the user's code imports it. May be repeated."""
    when_imported("rich.progress", _teach)


def _teach(module: ModuleType) -> None:
    kind = module.Progress
    made, started, stopped = kind.__init__, kind.start, kind.stop

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        self.gator_nb_try = current_try()  # rich's own thread moves bars, too
        made(self, *args, **kwargs)

    def start(self: Any) -> None:
        one: Try | None = self.gator_nb_try
        if one is None:
            started(self)
        elif one.bar is None:  # and nothing is drawn: what it says goes to the progress
            one.bar = self

    def stop(self: Any) -> None:
        one: Try | None = self.gator_nb_try
        if one is None:
            stopped(self)
        elif one.bar is self:
            one.bar = None

    kind.__init__, kind.start, kind.stop = __init__, start, stop
    kind.update, kind.advance = _telling(kind.update), _telling(kind.advance)


def _telling(moved: Any) -> Any:
    """The same, and the progress is told."""

    def move(self: Any, *args: Any, **kwargs: Any) -> None:
        one: Try | None = self.gator_nb_try
        if one is None:
            moved(self, *args, **kwargs)
            return
        # An interruption in there could leave the lock of the bars taken for good; it waits.
        with one.shielded() if one.is_here() else nullcontext():
            moved(self, *args, **kwargs)
            if one.bar is self:
                _tell(one, self.tasks[0])

    return move


def _tell(one: Try, bar: Any) -> None:
    from rich.text import Text  # here it is loaded

    words = Text.from_markup(bar.description).plain
    one.note(bar.completed, bar.total, words or None, {})
