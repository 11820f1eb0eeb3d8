"""Bytes of calls and values, and back. What comes back must have been verified before."""

import io
import pickle
from types import CodeType
from typing import Any

from ..errors import NotPicklable
from .call import Call
from .capture import culprit, culprit_in, name_of
from .suspects import kind_of, mend_of, mend_of_result


def dumps_call(
    call: Call, codes: list[CodeType] | None = None, modules: set[str] | None = None
) -> bytes:
    """The bytes of a call: function, arguments and hooks by value, as they are now.

    Args:
        codes: takes the code of the functions that travel by value.
        modules: takes the names of the modules that the call names, or sends the source of.

    Raises:
        NotPicklable: names what is in the way, the path to it, and the mend.
    """
    try:
        return _dumps(call, codes, modules)
    except Exception as error:
        found = None if _too_deep(error) else culprit(call)
        raise NotPicklable(
            found or f"the call of `{name_of(call.func)}` cannot be pickled: {_reason(error)}"
        ) from error


def dumps_value(value: object, what: str) -> bytes:
    """The bytes of a result or an exception; `what` says which, for the error.

    Raises:
        NotPicklable: for example "the result (generator) cannot be pickled: return a list of it".
    """
    try:
        return _dumps(value)
    except Exception as error:
        found = None if mend_of(value) or _too_deep(error) else culprit_in(value, what)
        whole = f"{what} ({kind_of(value)}) cannot be pickled"
        mend = _reason(error) if _too_deep(error) else mend_of_result(value)
        raise NotPicklable(found or f"{whole}: {mend}") from error


def loads(data: bytes) -> Any:
    """What these bytes are of. Runs what they say: only ever for verified bytes."""
    return pickle.loads(data)


def _dumps(
    value: object, codes: list[CodeType] | None = None, modules: set[str] | None = None
) -> bytes:
    from .pickler import PROTOCOL, CallPickler  # loads cloudpickle, which takes its time

    file = io.BytesIO()
    pickler = CallPickler(file, protocol=PROTOCOL)
    pickler.dump(value)
    if codes is not None:
        codes += pickler.codes
    if modules is not None:
        modules |= pickler.modules
    return file.getvalue()


def _too_deep(error: Exception) -> bool:
    return isinstance(error, RecursionError) or isinstance(error.__cause__, RecursionError)


def _reason(error: Exception) -> str:
    if _too_deep(error):
        return "values are nested too deeply; flatten them"
    return str(error) or type(error).__name__
