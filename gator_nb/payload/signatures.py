"""What a function takes, as far as it tells."""

from functools import lru_cache
from types import BuiltinFunctionType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect import Signature


def signature_of(func: Any) -> "Signature | None":
    """The signature of a function; None when it does not tell, as some in C.

    >>> str(signature_of(abs))
    '(x, /)'
    """
    if type(func) is BuiltinFunctionType and isinstance(func.__self__, ModuleType):
        return _of_builtin(func)
    return _read(func)


@lru_cache(maxsize=200)
def _of_builtin(func: Any) -> "Signature | None":
    """Those in C are read out of a text each time, which takes a hundred microseconds."""
    return _read(func)


def _read(func: Any) -> "Signature | None":
    from inspect import signature  # most calls do without it, and it takes its time to load

    try:
        return signature(func)
    except (TypeError, ValueError):
        return None
