"""Bytes of calls and values, and back. What comes back must have been verified before."""

import io
import pickle
from types import CodeType
from typing import Any, NamedTuple

from ..boundary import calls_users
from ..errors import NotPicklable
from .atoms import is_atom
from .call import PROTOCOL, Call
from .capture import culprit, culprit_in, name_of
from .suspects import is_lazy, kind_of, mend_of, mend_of_result


class Pickled(NamedTuple):
    """The bytes of something, and what is in them."""

    data: bytes
    codes: list[CodeType]
    """Of the functions that travel by value."""
    modules: set[str]
    """That are named, or whose source is sent."""


@calls_users
def pickled(value: object) -> Pickled:
    """The bytes of anything by value.

    Raises:
        Exception: whatever pickling raises.
    """
    from .pickler import CallPickler  # loads cloudpickle, which takes its time

    file = io.BytesIO()
    pickler = CallPickler(file, protocol=PROTOCOL)
    pickler.dump(value)
    return Pickled(file.getvalue(), pickler.codes, pickler.modules)


def pickled_call(call: Call) -> Pickled:
    """The bytes of a call as a whole.

    Raises:
        NotPicklable: names what is in the way, the path to it, and the mend.
    """
    try:
        return pickled(call)
    except Exception as error:
        found = None if _too_deep(error) else culprit(call)
        raise NotPicklable(
            found or f"the call of `{name_of(call.func)}` cannot be pickled: {_reason(error)}"
        ) from error


def pickled_apart(function: bytes, call: Call) -> bytes:
    """The bytes of a call whose function has been pickled; the arguments are atoms."""
    return pickle.dumps(_Apart(function, call.args, call.kwargs), PROTOCOL)


class _Apart:
    """A call with its function in bytes, on its way into a pickle."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> Any:
        return call_of, self.parts


def call_of(function: bytes, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    """The call of a pickled function."""
    return Call(loads(function), args, kwargs)


def dumps_value(value: object, what: str) -> bytes:
    """The bytes of a result or an exception; `what` says which, for the error.

    Raises:
        NotPicklable: for example "the result (generator) cannot be pickled: return a list of it".
    """
    if is_lazy(value):
        raise NotPicklable(f"{what} ({kind_of(value)}) is not a value yet: {mend_of_result(value)}")
    try:
        return pickle.dumps(value, PROTOCOL) if is_atom(value) else pickled(value).data
    except Exception as error:
        found = None if mend_of(value) or _too_deep(error) else culprit_in(value, what)
        whole = f"{what} ({kind_of(value)}) cannot be pickled"
        mend = _reason(error) if _too_deep(error) else mend_of_result(value)
        raise NotPicklable(found or f"{whole}: {mend}") from error


@calls_users
def loads(data: bytes) -> Any:
    """What these bytes are of. Runs what they say: only ever for verified bytes."""
    return pickle.loads(data)


def _too_deep(error: Exception) -> bool:
    return isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError)


def _reason(error: Exception) -> str:
    if _too_deep(error):
        return "values are nested too deeply; flatten them"
    return str(error) or type(error).__name__
