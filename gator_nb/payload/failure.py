"""An exception as text for people and as bytes for `get()`, and back."""

import os
import pickle
import traceback
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import NotPicklable, TaskFailed
from .call import PROTOCOL
from .pickling import dumps_value, loads

ERROR_LIMIT = 500
"""Characters of an error's one line."""
TRACEBACK_LIMIT = 100_000
"""Characters of a traceback: a deep recursion through several functions has no end of lines."""
_PACKAGE = str(Path(__file__).parent.parent) + os.sep


class RemoteTraceback(Exception):
    """Where a task's error happened, as text; the cause of the exception that `get()` raises."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f'\n"""\n{self.text}"""'


def error_line(error: BaseException) -> str:
    """The kind and the text of an error in one line; says how much it leaves out.

    >>> error_line(ValueError("no such column"))
    'ValueError: no such column'
    """
    kind = type(error).__qualname__
    try:
        text = str(error)
    except Exception as other:  # noqa: BLE001 -- a user's `__str__` may raise anything
        text = f"<its text raises {type(other).__name__}>"
    whole = " ".join(f"{kind}: {text}".split()) if text else kind
    line = "".join(c if c.isprintable() else "�" for c in whole[:ERROR_LIMIT])
    if len(whole) <= ERROR_LIMIT:
        return line
    kept = ERROR_LIMIT - 40
    return f"{line[:kept]}… ({len(whole) - kept:,} more characters)"


def traceback_text(error: BaseException, skip_files: Collection[str] = ()) -> str:
    """The traceback from the user's first frame on, chained errors and notes included."""
    start = _first_of_user(error.__traceback__, skip_files)
    report = traceback.TracebackException(type(error), error, start, compact=True)
    text = "".join(report.format())
    if len(text) <= TRACEBACK_LIMIT:
        return text
    half = TRACEBACK_LIMIT // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n  ... {left_out:,} characters are left out here ...\n{text[-half:]}"


def pickled_error(error: BaseException) -> bytes | None:
    """The bytes of an exception that come back as the same kind and text; None if none do.

    Its notes travel with it, its traceback, cause and context do not.
    """
    for candidate in (_Reduced(error), _Rebuilt(error)):
        try:
            data = dumps_value(candidate, "the exception")
            copy = loads(data)
            if type(copy) is type(error) and str(copy) == str(error):
                return data
        except (NotPicklable, pickle.UnpicklingError):
            continue
        except Exception:  # noqa: BLE001, S112 -- a constructor that does not take its own args
            continue
    return None


def raised_again(payload: bytes | None, line: str, text: str | None) -> BaseException:
    """The user's own exception with its traceback as the cause, or a `TaskFailed` without it."""
    if payload is None:
        return TaskFailed(line, text)
    try:
        error = loads(payload)
    except Exception as reason:  # noqa: BLE001 -- its module may be absent here, or raise
        failed = TaskFailed(line, text)
        failed.add_note(f"its own exception cannot be made here: {error_line(reason)}")
        return failed
    if not isinstance(error, BaseException):
        return TaskFailed(line, text)
    if text:
        error.__cause__ = RemoteTraceback(text)
    return error


def _first_of_user(
    trace: TracebackType | None, skip_files: Collection[str]
) -> TracebackType | None:
    first = trace
    while first is not None and _is_ours(first.tb_frame.f_code.co_filename, skip_files):
        first = first.tb_next
    return first if first is not None else trace


def _is_ours(file: str, skip_files: Collection[str]) -> bool:
    return file.startswith(_PACKAGE) or file in skip_files


class _Reduced:
    """Pickles as an exception does by itself: libraries such as tblib have pickle take tracebacks
    along, causes and all, whose frames hold what the task captured."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __reduce__(self) -> str | tuple[Any, ...]:
        return self.error.__reduce_ex__(PROTOCOL)


class _Rebuilt:
    """Pickles as an exception that is made again without calling its `__init__`."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self.error), self.error.args, dict(vars(self.error)))


def _rebuild(
    kind: type[BaseException], args: tuple[Any, ...], state: dict[str, Any]
) -> BaseException:
    error = kind.__new__(kind, *args)
    error.args = args
    vars(error).update(state)
    return error
