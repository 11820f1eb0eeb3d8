"""What a worker asks of the place where user code runs."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ..attempt import Ended
from ..backends.base import Claimed
from ..runtime import Cause, Try


class Report(NamedTuple):
    """A try that has ended."""

    claimed: Claimed
    ended: Ended
    seconds: float


class Executor(Protocol):
    """Runs claimed tasks. Every method is called by the worker's own thread and returns at once."""

    slots: int
    """How many tasks run at a time."""

    def submit(self, claimed: Sequence[Claimed]) -> None:
        """Run these, in this order, as slots fall free."""

    def waiting(self) -> int:
        """How many were submitted and have not begun."""

    def running(self) -> list[Try]:
        """The tries that are under way."""

    def reports(self) -> list[Report]:
        """The tries that have ended since the last call."""

    def withdraw(self) -> list[Claimed]:
        """Take back what has not begun."""

    def interrupt(self, one: Try, cause: Cause) -> None:
        """Ask a running try to stop."""

    def close(self) -> bool:
        """Begin nothing more and let go of threads; True when nothing runs any more."""
