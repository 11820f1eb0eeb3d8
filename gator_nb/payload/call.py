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
