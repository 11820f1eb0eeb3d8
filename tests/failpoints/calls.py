"""What the tasks of a scene do. Each tells a ledger what truly runs, and has one end it must come
to, however often its process dies."""

from collections.abc import Callable
from typing import Any

LARGE = 3 << 19
"""Bytes that leave the envelope and become a value of their own."""


def calls(ledger: str) -> dict[str, Callable[..., Any]]:
    """Functions by name, each with its ledger captured."""

    def write(word: str) -> None:
        import os

        from gator_nb.attempts.running import current_try

        one = current_try()
        assert one is not None
        fd = os.open(ledger, os.O_WRONLY | os.O_APPEND)
        # Its 128 bytes lie across no page, so no kill leaves half of a line.
        os.write(fd, f"{word} {one.record.id} {one.claim}".ljust(127).encode() + b"\n")
        os.close(fd)

    def plain(number: int) -> int:
        write("begin")
        write("end")
        return number

    def twice(number: int) -> int:
        """Fails once, whatever else happens to it: its retry is its own."""
        from gator_nb import current_task

        write("begin")
        if current_task().retries:
            raise RuntimeError("the first time")
        write("end")
        return number

    def fails() -> None:
        write("begin")
        raise RuntimeError("always")

    def large(data: bytes) -> bytes:
        write("begin")
        write("end")
        return data[::-1]

    def kept() -> int:
        """Goes on from its checkpoint."""
        from gator_nb import checkpoint, progress

        write("begin")
        for number in range(checkpoint() or 0, 2):
            progress(number, 2)
            checkpoint(number + 1)
        write("end")
        return int(checkpoint() or 0)

    return {
        "plain": plain, "twice": twice, "fails": fails, "large": large, "kept": kept,
        "stopped": _stopped(write),
    }  # fmt: skip


def _stopped(write: Callable[[str], None]) -> Callable[[str], None]:
    def stopped(address: str) -> None:
        """Has itself canceled, and waits to be stopped. Who opens a store whose server is away is
        told so at once, so it tries again."""
        import time

        from gator_nb import Gator, current_task, progress
        from gator_nb.errors import StoreUnavailable

        write("begin")
        asked = False
        while not asked:
            try:
                with Gator(address) as other:
                    other.cancel(current_task().task_id)
                asked = True
            except StoreUnavailable:
                time.sleep(0.1)
        while True:
            progress(1, 2)
            time.sleep(0.01)

    return stopped
