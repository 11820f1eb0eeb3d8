"""tqdm's bars inside of a task become its progress, without a change to the user's code.

Outside of a task they are what they were.
"""

from types import ModuleType
from typing import Any

from .post_import import when_imported
from .running import current_try


def teach_bars() -> None:
    """Teach tqdm's bars, now or when the user's code imports it. May be repeated."""
    when_imported("tqdm.std", _teach_plain)
    when_imported("tqdm.notebook", _teach_notebook)


def _teach_plain(module: ModuleType) -> None:
    _teach(module.tqdm)


def _teach_notebook(module: ModuleType) -> None:
    _teach(module.tqdm_notebook)


def _teach(kind: Any) -> None:
    made, shown = kind.__init__, kind.display

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        one = current_try()
        if one is not None:
            kwargs["leave"] = False  # what it says goes to the progress, not to the log
            if kwargs.get("disable", False) is None:
                kwargs["disable"] = False  # no terminal, and yet somebody looks
        made(self, *args, **kwargs)
        if one is not None and (one.bar is None or one.bar.disable):
            one.bar = self

    def display(self: Any, *args: Any, **kwargs: Any) -> Any:
        one = current_try()
        if one is None:
            return shown(self, *args, **kwargs)
        if one.bar is None or one.bar is self:  # of nested bars the outermost
            one.tell(self.n, self.total, self.desc.rstrip(": ") or None, {})
        return False

    kind.__init__, kind.display = __init__, display
