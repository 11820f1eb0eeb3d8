"""A value that was put into the store by hand, to be used by any number of tasks."""

from collections.abc import Iterable
from pickle import PickleBuffer
from typing import Any

from ..client.client import Client
from ..client.here import CLIENT, working_with
from ..definition import short
from ..errors import GatorError
from ..payload import Beside, Large, Named, Promised, ValueOf, loads, pickled_value


class Ref(Named, Promised):
    """A value in the store, as `gator.put` gives it.

    As an argument of a task (also directly in a list, tuple or dict) it arrives as the value.
    Captured by a function it stays a Ref, and `get()` brings the value. It is stored once for all
    tasks; it stays as long as a task needs it, and a day after that, or after `put`.

    Example:
        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     numbers = gator.put(list(range(100)))
        ...     task = gator.task(sum, numbers)
        ...     gator.get(task.task_id).result
        4950
    """

    def __init__(self, refs: Iterable[str], about: str, client: Client | None) -> None:
        self.refs = tuple(refs)
        """What its pickle and its large buffers are called in the store."""
        self.about = about
        """What kind of value it is."""
        self._client = client

    def reference(self) -> ValueOf:
        return ValueOf(self.refs, self.about)

    def get(self) -> Any:
        """The value, loaded anew each time.

        Raises:
            BlobMissing: nothing has needed it for a day.
            GatorError: it was unpickled where no store is at hand.

        >>> from gator_nb import Gator
        >>> with Gator("memory://") as gator:
        ...     gator.put({"rate": 0.1}).get()
        {'rate': 0.1}
        """
        client = self._client
        if client is None:
            raise GatorError(f"{self!r} was unpickled where no store is at hand")
        data, *buffers = client.depot.fetch_once(self.refs)
        with working_with(client):
            return loads(data, buffers)

    def __reduce__(self) -> Any:
        return _travelled, (self.refs, self.about)

    def __repr__(self) -> str:
        return f"<Ref {self.about}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and other.refs == self.refs

    def __hash__(self) -> int:
        return hash(self.refs)


def put(client: Client, value: object) -> Ref:
    """Store a value; see `Gator.put`."""
    with working_with(client):
        pickled = pickled_value(value, "the value", beside=Beside())
    if pickled.refs:
        raise TypeError(
            "the value holds a Ref, whose own value would not be kept for it: put that value in "
            "it instead, as ref.get()"
        )
    parts = [Large(PickleBuffer(pickled.data)), *pickled.larges]
    client.depot.store(parts)
    return Ref((part.name for part in parts), short(value), client)


def _travelled(refs: tuple[str, ...], about: str) -> Ref:
    return Ref(refs, about, CLIENT.get())
