"""Bytes of calls and values, and back. What comes back must have been verified before."""

import io
import pickle
from collections.abc import Sequence
from types import CodeType
from typing import Any, NamedTuple

from ..boundary import calls_users
from ..errors import NotPicklable
from .atoms import is_atom
from .call import PROTOCOL, Call
from .capture import culprit, culprit_in, name_of
from .large import Beside, Fetch, Frozen, Large, leaving
from .suspects import is_lazy, kind_of, mend_of, mend_of_result


class Pickled(NamedTuple):
    """The bytes of something, and what is in them."""

    data: bytes
    codes: list[CodeType]
    """Of the functions that travel by value."""
    modules: set[str]
    """That are named, or whose source is sent."""
    larges: list[Large]
    """Buffers that go beside the bytes, in their order."""
    refs: list[str]
    """Large values that it needs besides: what it has are their names."""


@calls_users
def pickled(value: object, *, beside: Beside | None = None) -> Pickled:
    """The bytes of anything by value.

    Args:
        beside: where large buffers go; None leaves them in the bytes.

    Raises:
        Exception: whatever pickling raises.
    """
    from .pickler import CallPickler  # loads cloudpickle, which takes its time

    file = io.BytesIO()
    pickler = CallPickler(file, protocol=PROTOCOL, beside=beside)
    pickler.dump(value)
    larges = [] if beside is None else beside.found
    return Pickled(file.getvalue(), pickler.codes, pickler.modules, larges, pickler.refs)


def pickled_call(call: Call, *, beside: Beside | None = None) -> Pickled:
    """The bytes of a call as a whole.

    Raises:
        NotPicklable: names what is in the way, the path to it, and the mend.
    """
    try:
        return pickled(call if beside is None else leaving_call(call), beside=beside)
    except Exception as error:
        found = None if _too_deep(error) else culprit(call)
        raise NotPicklable(
            found or f"the call of `{name_of(call.func)}` cannot be pickled: {_reason(error)}"
        ) from error


def leaving_call(call: Call) -> Call:
    """What to pickle for a call, so that large bytes among its arguments leave; see `leaving`."""
    kwargs = {name: leaving(value) for name, value in call.kwargs.items()}
    return call._replace(args=tuple(map(leaving, call.args)), kwargs=kwargs)


def pickled_apart(
    function: bytes | Large, larges: Sequence[Large], call: Call
) -> tuple[bytes, list[Large]]:
    """The bytes of a call whose function has been pickled, and what goes beside them; the arguments
    are atoms.

    Args:
        larges: what goes beside the bytes of the function.
    """
    beside, left = Beside(), leaving_call(call)
    data = function if isinstance(function, bytes) else beside.again([function])[0]
    apart = _Apart(data, left.args, left.kwargs, beside.again(larges))
    return pickle.dumps(apart, PROTOCOL, buffer_callback=beside), beside.found


class _Apart:
    """A call with its function in bytes, on its way into a pickle."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return call_of, self.parts


def call_of(
    function: bytes, args: tuple[Any, ...], kwargs: dict[str, Any], buffers: Sequence[Any] = ()
) -> Call:
    """The call of a pickled function."""
    return Call(loads(function, buffers), args, kwargs)


def dumps_value(value: object, what: str) -> bytes:
    """The bytes of a checkpoint or an exception; `what` says which, for the error.

    Raises:
        NotPicklable: as `pickled_value`.
    """
    return pickled_value(value, what).data


def pickled_value(value: object, what: str, *, beside: Beside | None = None) -> Pickled:
    """The bytes of a result, and what is in them; `what` says what it is, for the error.

    Raises:
        NotPicklable: for example "the result (generator) cannot be pickled: return a list of it".
    """
    if is_lazy(value):
        raise NotPicklable(f"{what} ({kind_of(value)}) is not a value yet: {mend_of_result(value)}")
    try:
        left = value if beside is None else leaving(value)
        if is_atom(left):
            return Pickled(pickle.dumps(left, PROTOCOL), [], set(), [], [])
        return pickled(left, beside=beside)
    except Exception as error:
        found = None if mend_of(value) or _too_deep(error) else culprit_in(value, what)
        whole = f"{what} ({kind_of(value)}) cannot be pickled"
        mend = _reason(error) if _too_deep(error) else mend_of_result(value)
        raise NotPicklable(found or f"{whole}: {mend}") from error


@calls_users
def loads(data: bytes, buffers: Sequence[Any] = ()) -> Any:
    """What these bytes, with the buffers that went beside them, are of. Runs what they say: only
    ever for verified bytes."""
    return pickle.loads(data, buffers=buffers)


def thawed(frozen: Frozen, fetch: Fetch) -> Any:
    """What a verified pickle is of, with its large buffers."""
    buffers = fetch(frozen.refs) if frozen.refs else ()
    return loads(frozen.data, buffers) if frozen.data else loads(buffers[0], buffers[1:])


def _too_deep(error: Exception) -> bool:
    return isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError)


def _reason(error: Exception) -> str:
    if _too_deep(error):
        return "values are nested too deeply; flatten them"
    return str(error) or type(error).__name__
