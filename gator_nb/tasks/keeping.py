"""Keeping a queue and its store: pausing, removing what is old, checking."""

from ..backends.base import Backend
from ..client.retention import purge
from ..constants import RETENTION
from ..option_values import Duration, seconds
from .handle import Handle


class Keeping:
    """The part of a `Gator` that steers a queue as a whole."""

    queue_name: str
    backend: Backend

    def pause(self) -> None:
        """Hand out no task of this queue until `resume`; what runs goes on.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.pause()
        ...     task = gator.task(pow, 2, 10)
        ...     gator.pop() is None
        True
        """
        self.backend.pause(self.queue_name)

    def resume(self) -> int:
        """Let this queue go on, and its held tasks too; answers how many were held.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.pause()
        ...     task = gator.task(pow, 2, 10)
        ...     gator.resume(), gator.pop().result
        (0, 1024)
        """
        self.backend.pause(self.queue_name, on=False)
        released = self.backend.unhold(self.queue_name)
        Handle.moved_here()
        return released

    def purge(self, older: Duration | None = None, *, count_only: bool = False) -> int:
        """Remove tasks of the whole store that ended longer ago than `older`; answers how many.

        Without arguments it only counts what ended more than 30 days ago. Kept are what ended less
        than a day ago or asked to be kept, the newest task of a name, groups with an unfinished
        task, and what an open task depends on.

        Args:
            older: seconds, a timedelta or a text like "30d".
            count_only: remove nothing.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.purge(), gator.purge("7d")
        (0, 0)
        """
        age = RETENTION if older is None else seconds(older, "older")
        return purge(self.backend, age, count_only=count_only or older is None)

    @property
    def durability(self) -> str:
        """What a pushed task survives, in a sentence.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.durability
        'this process only: tasks and results are gone when it ends'
        """
        return self.backend.durability

    def verify(self) -> list[str]:
        """Check the store's indexes and counters against its records; a sentence a fault.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.verify()
        []
        """
        return self.backend.verify()
