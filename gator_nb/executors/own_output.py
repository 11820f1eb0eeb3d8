"""The output of a child process: a pipe for each task, so that nothing comes out under another."""

import ctypes
import faulthandler
import io
import os
import sys
from contextlib import suppress
from functools import cache


def take_output(pipe: int) -> None:
    """From now on what this process writes, in Python, in C or below it, goes into `pipe`."""
    _null()
    os.dup2(pipe, 1)
    os.dup2(pipe, 2)
    os.close(pipe)
    for name, fd in (("stdout", 1), ("stderr", 2)):
        file = io.FileIO(fd, "w", closefd=False)
        stream = io.TextIOWrapper(file, "utf-8", "replace", write_through=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    faulthandler.enable(2, all_threads=False)


def end_output() -> None:
    """Write out what is buffered, and let go of the pipe."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # the task may have closed it
            stream.flush()
    ctypes.CDLL(None).fflush(None)
    os.dup2(_null(), 1)
    os.dup2(_null(), 2)


@cache
def _null() -> int:
    """Open from the start: a task may leave no descriptor free."""
    return os.open(os.devnull, os.O_WRONLY)
