"""What a task is asked to do."""

from collections.abc import Callable
from typing import Any, NamedTuple

PROTOCOL = 5
"""Of pickle, in everything that is stored."""


class Call(NamedTuple):
    """A function, its arguments, and the hooks that run around it."""

    func: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    on_start: Callable[..., Any] | None = None
    on_success: Callable[..., Any] | None = None
    on_error: Callable[..., Any] | None = None

    @property
    def hooks(self) -> tuple[str, ...]:
        """The names of those that there are."""
        return tuple(name for name in HOOKS if getattr(self, name) is not None)


HOOKS = ("on_start", "on_success", "on_error")
