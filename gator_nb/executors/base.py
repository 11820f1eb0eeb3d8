"""What a worker asks of the place where user code runs."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..attempts.attempt import Ended
from ..attempts.running import Cause, Running
from ..backends.base import Claimed, Settlement


class Report(NamedTuple):
    """A try that has ended."""

    claimed: Claimed
    ended: Ended
    settlement: Settlement | None
    """What to tell the store of it, save when a retry is due; None: give it back."""
    seconds: float


class Executor(Protocol):
    """Runs claimed tasks. Every method is called by the worker's own thread and returns at once."""

    @property
    def slots(self) -> int:
        """How many tasks run at a time; may change."""

    lanes: tuple[str, ...]
    """What it can run; see `record.lane_of`."""
    kills: bool
    """It can stop whatever its code does."""
    apart: bool
    """Its code runs in other processes than its worker."""
    lease: float
    """Seconds of silence after which it counts as lost on another host."""

    def submit(self, claimed: Sequence[Claimed]) -> None:
        """Run these, in this order, as slots fall free."""

    def waiting(self) -> int:
        """How many were submitted and have not begun."""

    def running(self) -> Sequence[Running]:
        """The tries that are under way."""

    def reports(self) -> list[Report]:
        """The tries that have ended since the last call."""

    def withdraw(self) -> list[Claimed]:
        """Take back what has not begun."""

    def interrupt(self, one: Running, cause: Cause) -> None:
        """Ask a running try to stop; may be repeated."""

    def close(self) -> bool:
        """Begin nothing more and let go of threads; True when nothing runs any more."""
