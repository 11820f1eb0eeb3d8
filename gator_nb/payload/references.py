"""Results of other tasks as arguments: a handle leaves as a reference and arrives as its result."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeGuard

from .atoms import ATOMS
from .call import Call
from .large import Fetch, Frozen
from .pickling import thawed


class Promised:
    """What stands for a value that is elsewhere: the result of a task, as a `Task` does, or what
    was put into the store, as a `Ref` does."""

    def reference(self) -> "ResultOf | ValueOf":
        """What stands for it in a pickled call.

        Raises:
            TypeError: it is not on a queue.
        """
        raise NotImplementedError

    def get(self) -> Any:
        """The value itself, waited for."""
        raise NotImplementedError


class SeveralPromised:
    """What stands for the results of several; a `Group` is one."""

    def promises(self) -> Iterable[Promised]:
        """Each of them, in order."""
        raise NotImplementedError


class ResultOf(Promised):
    """The place, in a pickled call, that the result of a task goes to."""

    __slots__ = ("task_id",)

    def __init__(self, task_id: str) -> None:
        self.task_id = task_id

    def reference(self) -> "ResultOf":
        return self

    def get(self) -> Any:
        raise TypeError(f"{self!r} is in the store that the task is pushed to: push this call")

    def __reduce__(self) -> tuple[type["ResultOf"], tuple[str]]:
        return ResultOf, (self.task_id,)

    def __repr__(self) -> str:
        return f"<the result of task {self.task_id[:8]}>"


class ValueOf(Promised):
    """The place, in a pickled call, of a value in the store: its pickle and large buffers."""

    __slots__ = ("about", "refs")

    def __init__(self, refs: tuple[str, ...], about: str) -> None:
        self.refs = refs
        self.about = about

    def reference(self) -> "ValueOf":
        return self

    def get(self) -> Any:
        raise TypeError(f"{self!r} is in the store that the task is pushed to: push this call")

    def __reduce__(self) -> tuple[type["ValueOf"], tuple[tuple[str, ...], str]]:
        return ValueOf, (self.refs, self.about)

    def __repr__(self) -> str:
        return f"<Ref {self.about}>"


_HOLDERS = frozenset({list, tuple, dict})


def exchanged(call: Call, exchange: Callable[[Promised], Any]) -> Call:
    """The call with something else in place of each promise among its arguments, or directly in
    a list, tuple or dict among them. Without any it is the call itself.

    >>> exchanged(Call(sum, ([ResultOf("a"), 1],), {}), lambda promised: 2).args
    ([2, 1],)
    """
    args, kwargs = call.args, call.kwargs
    if any(map(_worth_a_look, args)):
        args = tuple(_exchanged(value, exchange) for value in args)
    if kwargs and any(map(_worth_a_look, kwargs.values())):
        kwargs = {name: _exchanged(value, exchange) for name, value in kwargs.items()}
    same = args is call.args and kwargs is call.kwargs
    return call if same else call._replace(args=args, kwargs=kwargs)


def referring(call: Call) -> tuple[Call, tuple[str, ...]]:
    """The call with references for promises, and the ids that they refer to, each once.

    Raises:
        TypeError: a task among the arguments is not on a queue.
    """
    ids: dict[str, None] = {}

    def reference(promised: Promised) -> ResultOf | ValueOf:
        found = promised.reference()
        if isinstance(found, ResultOf):
            ids[found.task_id] = None
        return found

    return exchanged(call, reference), tuple(ids)


def load_call(payload: Frozen, results: Mapping[str, Frozen], fetch: Fetch) -> Call:
    """The call in verified bytes, with the results that it refers to, pickled, in their places."""
    call: Call = thawed(payload, fetch)
    if not results:
        return call
    values = {task_id: thawed(result, fetch) for task_id, result in results.items()}
    return exchanged(call, lambda one: values[one.task_id] if type(one) is ResultOf else one)


Told = dict[str, list[Any]]
"""Of each result the size of its bytes and the names of what goes beside them."""


def joined(payload: bytes, results: Mapping[str, Frozen]) -> tuple[bytes, Told]:
    """A pickled call and the results that it refers to in one piece, and what parts them again."""
    told: Told = {name: [len(one.data), list(one.refs)] for name, one in results.items()}
    pieces = (payload, *(one.data for one in results.values()))
    return (b"".join(pieces) if results else payload), told


def parted(data: bytes, told: Mapping[str, Sequence[Any]]) -> tuple[bytes, dict[str, Frozen]]:
    """The pickled call and the results in what `joined` made."""
    end = len(data)
    results = {}
    for task_id, (size, refs) in reversed(list(told.items())):
        results[task_id] = Frozen(data[end - size : end], tuple(refs))
        end -= size
    return data[:end], results


def _worth_a_look(value: Any) -> bool:
    kind = type(value)
    if kind in ATOMS:
        return False
    return _is_promise(value) or (kind in _HOLDERS and _has_promises(value))


def _is_promise(value: Any) -> TypeGuard[Promised | SeveralPromised]:
    return isinstance(value, Promised | SeveralPromised)


def _has_promises(values: Any) -> bool:
    """Whether some of what a list, tuple or dict holds is a promise; by kind, as it may be long."""
    kinds = set(map(type, values.values() if type(values) is dict else values))
    return any(issubclass(kind, Promised | SeveralPromised) for kind in kinds)


def _exchanged(value: Any, exchange: Callable[[Promised], Any]) -> Any:
    kind = type(value)
    if kind not in _HOLDERS or not _has_promises(value):
        return _one(value, exchange)
    if kind is dict:
        return {name: _one(inner, exchange) for name, inner in value.items()}
    return kind([_one(inner, exchange) for inner in value])


def _one(value: Any, exchange: Callable[[Promised], Any]) -> Any:
    if isinstance(value, Promised):
        return exchange(value)
    if isinstance(value, SeveralPromised):
        return [exchange(one) for one in value.promises()]
    return value
