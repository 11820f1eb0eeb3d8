"""The `gator` of a notebook: which queue of a store is its own, and who runs its tasks."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from IPython.core.getipython import get_ipython

from ..backends import address_of
from ..backends.base import Filter
from ..client.workforce import start_command
from ..errors import GatorError
from ..gator import Gator
from ..option_values import Duration
from ..record import Record, place_of
from ..states import UNSTARTED
from ..tasks.group import Group
from ..tasks.group import records as records_of
from .leftovers import workers_of
from .live import settle_cards
from .queue_name import of_this_user
from .summary import summary_of
from .unattended import NOTE, unattended

if TYPE_CHECKING:
    from ..tasks.task import Task

_LOOKED_AT = 200
"""Tasks that are looked at to know which workers they need."""
_OWN_SCHEMES = frozenset({"memory", "locmem", "sqlite"})


class NotebookGator(Gator):
    """Starts a worker by itself at the first push, where nobody else would run the task."""

    _looked_for_workers = False
    _looked_for_people = False

    @classmethod
    def on(cls, conn_string: str | None, queue: str) -> Self:
        """The notebook's queue in a store, which is prefixed by the user where others work too.

        Raises:
            GatorError: the store cannot be opened.
        """
        address = address_of(conn_string)
        return cls(address, full_name(address, queue))

    def full_name(self, queue: str) -> str:
        """What a queue of this user is called in this store."""
        return full_name(self.conn_string, queue)

    @property
    def starts_workers(self) -> bool:
        """On a server others may serve the queue; here nobody else would."""
        return _is_own(self.conn_string)

    @property
    def served_by(self) -> str:
        """Who runs the tasks of this queue; where nobody does, how to change that."""
        workers = workers_of(self)
        if workers:
            slots = sum(worker.slots for worker in workers)
            return f"{len(workers)} worker{'' if len(workers) == 1 else 's'}, {slots} at a time"
        if self.starts_workers:
            return "no worker runs; the next push starts one"
        return (
            "no worker serves it: `%gator worker start` for one in this kernel, or "
            f"`{start_command(self.backend)}` in a terminal"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:  # noqa: ARG002 -- IPython's own names
        """As the last value of a cell: what its queue holds, and who runs it."""
        try:
            summary = summary_of(self)
        except GatorError as error:
            return {"text/plain": f"{self!r}: {error}"}
        return {"text/plain": summary.text, "text/html": summary.html}

    def wait(
        self, tasks: "Task | Iterable[Task] | None" = None, timeout: Duration | None = None
    ) -> Group:
        """See `Gator.wait`. Without `tasks` the cards have told how it ended, too, before a kernel
        that nobody watches ends."""
        try:
            return super().wait(tasks, timeout)
        finally:
            if tasks is None:
                settle_cards(self.client)

    def resume(self) -> int:
        """See `Gator.resume`. Workers start for what may run now, as at a push."""
        number = super().resume()
        if number and self.starts_workers:
            open_ones = Filter(status=UNSTARTED, queue=self.queue_name)
            self._have_workers(one.lane for one in records_of(self.backend, open_ones, _LOOKED_AT))
        return number

    def run_in(self, place: str) -> None:
        """From now on tasks that do not say otherwise run there: "thread" or "process".

        Raises:
            ValueError: the store lives in this process, and other ones do not see it.
        """
        if place == "process" and not self.backend.persistent:
            raise ValueError(f"{self.conn_string} lives in this process only: no other one sees it")
        self.client.run_in = place

    def _after_push(self, records: Sequence[Record]) -> None:
        if not self.starts_workers:
            self._tell_when_unserved()
            return
        self._have_workers(record.lane for record in records if record.unstarted)
        self._tell_when_unattended()

    def _have_workers(self, lanes: Iterable[str]) -> None:
        places = {place_of(lane) for lane in lanes}
        if "process" in places:
            self.crew.have_processes()
        if places - {"process"}:
            self.crew.have_threads()

    def _tell_when_unattended(self) -> None:
        """Once: what runs beside a kernel ends with it."""
        if not self._looked_for_people:
            self._looked_for_people = True
            if unattended(get_ipython()):
                print(f"gator_nb: {NOTE}")  # noqa: T201

    def _tell_when_unserved(self) -> None:
        """Once: later the cards tell."""
        if self._looked_for_workers:
            return
        self._looked_for_workers = True
        with suppress(GatorError):  # it is pushed; that the store is away now, others tell
            if not workers_of(self):
                print(f"gator_nb: queue {self.queue_name!r}: {self.served_by}")  # noqa: T201


def full_name(address: str, queue: str) -> str:
    """What a queue of this user is called in the store of that address."""
    return queue if _is_own(address) else of_this_user(queue)


def _is_own(address: str) -> bool:
    """Nobody but this user has it."""
    return address.partition("://")[0].lower() in _OWN_SCHEMES
