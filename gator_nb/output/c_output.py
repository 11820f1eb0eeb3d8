"""What C code, and programs that tasks start, print where tasks run in threads.

A kernel reads its own standard output back from a pipe, in a thread of each stream; a worker in a
process of its own does so too (`read_back.py`). Whose text that is cannot be known. So every task
that runs in the threads gets it, marked; a cell gets it only while one runs, and then marked as
well.
"""

import ctypes
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from traceback import walk_stack
from types import CodeType
from typing import Any, NamedTuple

Write = Callable[[str], None]

OF_A_TASK = "[from C code, of this task or of what ran beside it] "
OF_A_CELL = "[from C code, of this cell or of a task that ran beside it] "

PATIENCE = 0.2
"""Seconds in which has been read back what was written."""

_writes: dict[object, Write] = {}
"""How each task that runs takes text."""


def hearing(write: Write) -> AbstractContextManager[None]:
    """While it is open, `write` gets the text of C code; all of it once this has closed."""
    return _hearing(write) if _readers() else nullcontext()


def left_of(text: str) -> str:
    """What of this text is for the stream that it came to: all of it, unless C code wrote it while
    tasks run."""
    if not _writes or not _reads(threading.current_thread()):
        return text
    if text.startswith(OF_A_CELL):  # it passes several routes on its way
        return text
    for write in list(_writes.values()):
        write(_marked(OF_A_TASK, text))
    return _marked(OF_A_CELL, text) if _a_cell_runs() else ""


def _reads(thread: threading.Thread) -> bool:
    return any(reader.thread is thread for reader in _readers())


def _marked(mark: str, text: str) -> str:
    return "".join(mark + line for line in text.splitlines(keepends=True))


@contextmanager
def _hearing(write: Write) -> Iterator[None]:
    key = object()
    _writes[key] = write
    try:
        yield
    finally:
        flush()
        del _writes[key]


class Reader(NamedTuple):
    """A thread that reads back what was written to standard output or error."""

    thread: threading.Thread
    fd: int
    """Where it reads."""


own_readers: list[Reader] = []
"""Those of a process that is no kernel."""


def _readers() -> list[Reader]:
    streams: tuple[Any, ...] = (sys.stdout, sys.stderr)
    kernels = [
        Reader(stream.watch_fd_thread, stream._fid)  # noqa: SLF001 -- it has no other name
        for stream in streams
        if getattr(stream, "watch_fd_thread", None) is not None
    ]
    return kernels or own_readers


def flush() -> None:
    """Have all taken that C code has written; C keeps it back for as long as it likes."""
    if _kept_back():
        _libc().fflush(None)
    deadline = time.monotonic() + PATIENCE
    while not all(map(_has_taken_all, _readers())) and time.monotonic() < deadline:
        time.sleep(0.0005)


def _kept_back() -> bool:
    """Whether C has something that it has not written yet; True where it does not tell."""
    tell, stdout = _fpending()
    return tell is None or bool(tell(stdout))


@cache
def _libc() -> Any:
    return ctypes.PyDLL(None)


@cache
def _fpending() -> tuple[Any, Any]:
    """What tells how much is kept back of a stream, and C's standard output; glibc has both."""
    try:
        tell, stdout = _libc()["__fpending"], ctypes.c_void_p.in_dll(_libc(), "stdout")
    except (AttributeError, ValueError):
        return None, None
    tell.restype = ctypes.c_size_t
    return tell, stdout


def _has_taken_all(reader: Reader) -> bool:
    """Whether the pipe is empty and its reader waits for more: it may hold what it has just read.

    On Linux the system tells what a thread waits in (proc_pid_syscall(5)).
    """
    import fcntl
    import termios

    size = ctypes.c_int()
    try:
        fcntl.ioctl(reader.fd, termios.FIONREAD, size)
        waits_in = Path(f"/proc/self/task/{reader.thread.native_id}/syscall").read_text()
    except (OSError, TypeError):
        return True
    return size.value == 0 and waits_in.split()[1:2] == [hex(reader.fd)]


def _a_cell_runs() -> bool:
    """Whether some thread is in the code of a cell, as IPython runs it."""
    for frame in sys._current_frames().values():  # noqa: SLF001 -- there is no other way to look
        codes = (at.f_code for at, _ in walk_stack(frame))
        if any(_runs_cells(code) for code in codes):
            return True
    return False


def _runs_cells(code: CodeType) -> bool:
    return code.co_name == "run_code" and code.co_filename.endswith("interactiveshell.py")
