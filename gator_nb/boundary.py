"""Where our code calls the user's: a task may be interrupted in there, and not in ours, which may
hold a lock."""

import sys
from collections.abc import Callable
from pathlib import Path
from traceback import walk_stack
from types import CodeType
from typing import TypeVar

_PACKAGE = str(Path(__file__).resolve().parent)
_calls: set[CodeType] = set()

F = TypeVar("F", bound=Callable[..., object])


def calls_users(func: F) -> F:
    """Say of a function of ours that what it calls is the user's, and that it holds nothing."""
    _calls.add(func.__code__)
    return func


def in_users_code(thread: int) -> bool:
    """Whether what a thread is in was called as the user's, and has not called us again."""
    top = sys._current_frames().get(thread)  # noqa: SLF001 -- there is no other way to look
    for frame, _ in walk_stack(top) if top is not None else ():
        if frame.f_code in _calls:
            return True
        if frame.f_code.co_filename.startswith(_PACKAGE):
            return False
    return False
