"""tqdm's bars inside of a task become its progress, without a change to the user's code.

Outside of a task they are what they were.
"""

from contextlib import nullcontext
from types import ModuleType
from typing import Any

from ..output.post_import import when_imported
from .running import Try, current_try


def teach_bars() -> None:
    """Teach tqdm's bars, now or when the user's code imports it. May be repeated."""
    when_imported("tqdm.std", _teach_plain)
    when_imported("tqdm.notebook", _teach_notebook)


def _teach_plain(module: ModuleType) -> None:
    _teach(module.tqdm)


def _teach_notebook(module: ModuleType) -> None:
    _teach(module.tqdm_notebook, display=False)  # its widget would go into the log


def _teach(kind: Any, **always: Any) -> None:
    made, shown, refreshed = kind.__init__, kind.display, kind.refresh

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        one = self.gator_nb_try = current_try()  # tqdm's own thread shows bars, too
        if one is not None:
            kwargs |= always
            kwargs["leave"] = False  # what it says goes to the progress, not to the log
            if kwargs.get("disable", False) is None:
                kwargs["disable"] = False  # no terminal, and yet somebody looks
        made(self, *args, **kwargs)
        if one is not None and (one.bar is None or one.bar.disable):
            one.bar = self

    def display(self: Any, *args: Any, **kwargs: Any) -> Any:
        one = _try_of(self)
        if one is None:
            return shown(self, *args, **kwargs)
        if one.bar is None or one.bar is self:  # of nested bars the outermost
            one.note(self.n, self.total, self.desc.rstrip(": ") or None, {})
        return False

    def refresh(self: Any, *args: Any, **kwargs: Any) -> Any:
        one = current_try()
        if one is None:
            return refreshed(self, *args, **kwargs)
        # An interruption in there would leave the lock of all bars taken for good.
        with one.shielded() if one.is_here() else nullcontext():
            drawn = refreshed(self, *args, **kwargs)
        one.check()
        return drawn

    kind.__init__, kind.display, kind.refresh = __init__, display, refresh


def _try_of(bar: Any) -> Try | None:
    return getattr(bar, "gator_nb_try", None)
