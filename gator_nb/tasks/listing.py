"""What a queue holds: its tasks listed, counted, and found by id, name, status and tag."""

from collections.abc import Iterator

from ..backends.base import Backend, Filter
from ..client.client import Client
from ..constants import EVERY
from ..errors import TaskNotFound
from ..option_values import count
from ..record import Record
from ..states import Status, status_of
from .group import Group, records
from .task import Task


class Listing:
    """The part of a `Gator` that only reads."""

    queue_name: str
    task_class: type[Task]
    conn_string: str
    backend: Backend
    client: Client

    def len(self) -> int:
        """How many tasks have not started: waiting, delayed, retrying or blocked.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.len(), len(gator)
        (0, 0)
        """
        return self.backend.len(self.queue_name)

    def __len__(self) -> int:
        return self.len()

    def __bool__(self) -> bool:
        return True

    def tasks(
        self,
        status: Status | str | None = None,
        name: str | None = None,
        tag: str | None = None,
        queue: str | None = None,
        limit: int | None = None,
    ) -> Group:
        """The tasks of this queue (or `queue`; `EVERY`: of all), newest first.

        Args:
            status: a status or its word.
            name: as given by the user.
            tag: one of its tags.
            limit: at most so many; None is all.

        Raises:
            ValueError: no status is called that.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     task = gator.task(pow, 2, 10)
        ...     len(gator.tasks(status="waiting")), len(gator.tasks(status="failed"))
        (1, 0)
        """
        wanted = None if status is None else frozenset({status_of(status)})
        line = self.queue_name if queue is None else queue
        where = Filter(status=wanted, name=name, tag=tag, queue=None if line == EVERY else line)
        most = None if limit is None else count(limit, "limit")
        found = records(self.backend, where, most)
        return Group(self.client, [self._handle(record) for record in found])

    def find(self, id_or_name: str) -> Task | None:
        """The task of this id, else the newest of this name in this queue, else None.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     task = gator.options(name="power").task(pow, 2, 10)
        ...     gator.find("power").task_id == gator["power"].task_id == task.task_id
        True
        """
        (record,) = self.backend.get([id_or_name])
        if record is None:
            where = Filter(name=id_or_name, queue=self.queue_name)
            record = next(records(self.backend, where, 1), None)
        return None if record is None else self._handle(record)

    def __getitem__(self, id_or_name: str) -> Task:
        found = self.find(id_or_name) if isinstance(id_or_name, str) else None
        if found is None:
            raise TaskNotFound(
                f"no task has the id or name {id_or_name!r} in queue {self.queue_name!r} "
                f"of {self.conn_string}"
            )
        return found

    def __contains__(self, id_or_name: object) -> bool:
        return isinstance(id_or_name, str) and self.find(id_or_name) is not None

    def __iter__(self) -> Iterator[Task]:
        where = Filter(queue=self.queue_name)
        return (self._handle(record) for record in records(self.backend, where))

    def counts(self) -> dict[Status, int]:
        """How many tasks this queue has in each status.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     task = gator.task(pow, 2, 10)
        ...     gator.counts()
        {<Status.WAITING: 0>: 1}
        """
        return self.backend.counts().get(self.queue_name, {})

    def _handle(self, record: Record) -> Task:
        return self.task_class.stored(self.client, record)
