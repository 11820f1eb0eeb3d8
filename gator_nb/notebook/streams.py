"""The kernel's standard streams, so that no cell's end takes the routing of tasks' output away.

IPython puts a `write` of its own on the streams at every cell and restores the former one after
it; whatever was put there meanwhile is gone. So the streams' class says first where text goes:
here `write` is a property, which no attribute of the instance hides.
"""

import sys
from collections.abc import Callable
from typing import Any

from ..output.routing import SINK, pass_on

Write = Callable[[str], int | None]


class _RoutedWrite:
    """Gives a task's text to its log, and all else to the `write` of the stream."""

    def __init__(self, inner: Write) -> None:
        self.inner = inner

    def __call__(self, text: str) -> int | None:
        return pass_on(text, self.inner) if isinstance(text, str) else self.inner(text)


def route_streams() -> None:
    """Route this kernel's standard streams; other streams are left alone. May be repeated."""
    for stream in _kernel_streams():
        if not isinstance(stream, _Routed):
            kind = type(stream)
            stream.__class__ = type(kind.__name__, (_Routed, kind), {"__module__": kind.__module__})


def restore_streams() -> None:
    """Undo `route_streams`."""
    for stream in _kernel_streams():
        if isinstance(stream, _Routed):
            stream.__class__ = type(stream).__mro__[2]  # what `_Routed` was put before


def _kernel_streams() -> list[Any]:
    return [s for s in (sys.stdout, sys.stderr) if type(s).__module__.startswith("ipykernel")]


class _Routed:
    """Put before the class of a stream."""

    def close(self) -> None:
        if SINK.get() is None:  # what a task closes is its own; the cells go on
            super().close()  # type: ignore[misc]

    @property
    def write(self) -> _RoutedWrite:
        return _RoutedWrite(self.__dict__.get("write") or super().write)  # type: ignore[misc]

    @write.setter
    def write(self, new: Write) -> None:
        inner = new.inner if isinstance(new, _RoutedWrite) else new
        if inner == super().write:  # type: ignore[misc]
            self.__dict__.pop("write", None)
        else:
            self.__dict__["write"] = inner

    @write.deleter
    def write(self) -> None:
        self.__dict__.pop("write", None)
