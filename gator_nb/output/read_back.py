"""A process that serves tasks in threads reads its own output back, as a kernel does.

So what C code and programs of tasks print gets into their logs.
"""

import codecs
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .c_output import PATIENCE, Reader, flush, left_of, own_readers


@contextmanager
def reading_back() -> Iterator[None]:
    """While it is open, read back what is written to the standard output and error of this process,
    which serves tasks in threads and does nothing else. What is nobody's goes to its standard
    error; its own streams go where they went.
    """
    real = [stream for stream in (sys.stdout, sys.stderr) if _is_real(stream)]
    if len(real) < 2:  # somebody has put others in their place
        yield
        return
    before = sys.stdout, sys.stderr
    originals = [os.dup(1), os.dup(2)]
    pipes = [_redirected(fd, originals[1]) for fd in (1, 2)]
    sys.stdout, sys.stderr = (os.fdopen(fd, "w", closefd=False, buffering=1) for fd in originals)
    own_readers[:] = pipes
    try:
        yield
    finally:
        flush()
        own_readers.clear()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        sys.stdout, sys.stderr = before
        for fd, original, pipe in zip((1, 2), originals, pipes, strict=True):
            os.dup2(original, fd)  # which closes the pipe, unless a program left behind has it
            pipe.thread.join(PATIENCE)
        if not any(pipe.thread.is_alive() for pipe in pipes):
            for original in originals:
                os.close(original)


def _is_real(stream: Any) -> bool:
    try:
        return stream is not None and stream.fileno() in (1, 2)
    except (OSError, ValueError, AttributeError):
        return False


def _redirected(fd: int, rest: int) -> Reader:
    """Put a pipe in place of a standard stream, and read it."""
    source, sink = os.pipe()
    os.dup2(sink, fd)
    os.close(sink)
    thread = threading.Thread(
        target=_read, args=(source, rest), name="gator_nb output", daemon=True
    )
    thread.start()
    return Reader(thread, source)


def _read(source: int, rest: int) -> None:
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    while data := os.read(source, 1 << 16):
        left = left_of(decode(data))
        if left:
            os.write(rest, left.encode("utf-8", "replace"))
    os.close(source)
