"""An error set in a thread from outside: it lands between two bytecodes of that thread."""

import ctypes
import threading
from contextlib import suppress


def strike(thread: int, error: type[BaseException]) -> None:
    """Set an exception in a thread, in place of one that is pending there."""
    set_error = ctypes.pythonapi.PyThreadState_SetAsyncExc
    set_error(ctypes.c_ulong(thread), ctypes.py_object(error))


class _Nothing(BaseException):
    """What lands in place of an error that is not wanted any more."""


def take_back() -> None:
    """Have nothing pending in this thread. To set no error at all would have CPython 3.11 look for
    it for ever, in every thread: all code is slower, and a debugger that traces hangs."""
    with suppress(_Nothing):
        strike(threading.get_ident(), _Nothing)
        while True:
            pass
