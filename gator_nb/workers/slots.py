"""How many tasks a worker runs at a time: as many as it is told, else as there are cores."""

from typing import TYPE_CHECKING

from ..host.cores import cores

if TYPE_CHECKING:
    from ..gator import Gator


def default_slots() -> int:
    """As many as there are cores for this process, four at most."""
    return min(4, cores())


def check_slots(gator: "Gator", threads: int | None, processes: int | None) -> None:
    """Refuse numbers that make no worker.

    Raises:
        ValueError
    """
    for option, number in (("threads", threads), ("processes", processes)):
        if number is not None and number < 1:
            raise ValueError(f"{option}={number}: a worker needs one at least")
    if threads and processes:
        raise ValueError("give threads or processes; for both, start two workers")
    if processes and not gator.backend.persistent:
        raise ValueError(
            f"{gator.conn_string} lives in this process only, so processes=... is for "
            'stores that last, as Gator("sqlite:///tasks.sqlite")'
        )
