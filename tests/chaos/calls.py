"""What the tasks of a chaos run do: they tell a ledger, outside of any store, what truly runs."""

from collections.abc import Callable


def told(ledger: str) -> Callable[[int, float], int]:
    """A function that runs for so many seconds and writes down when it began, went on and ended.

    A line is on disk before the code goes on: word, id, claim, time. Its 128 bytes lie across no
    page, so no kill leaves half of it.
    """

    def work(number: int, seconds: float) -> int:
        import os
        import time

        from gator_nb.attempts.running import current_try

        one = current_try()

        def write(word: str, *, safe: bool = True) -> None:
            fd = os.open(ledger, os.O_WRONLY | os.O_APPEND)
            at = time.clock_gettime(time.CLOCK_REALTIME)  # `time.time` may have been moved
            line = f"{word} {one.record.id} {one.claim} {at!r}"
            os.write(fd, line.ljust(127).encode() + b"\n")
            if safe:
                os.fsync(fd)
            os.close(fd)

        write("start")
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(0.05, left))
            write("on", safe=False)
        write("end")
        return number

    return work


def stuck(ledger: str) -> Callable[[int, float], int]:
    """The same, in C code that lets no other thread of its process run."""
    inner = told(ledger)

    def work(number: int, seconds: float) -> int:
        import ctypes

        ctypes.PyDLL(None).usleep(int(seconds * 1e6))
        return inner(number, 0.0)

    return work
