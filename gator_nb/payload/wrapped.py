"""The function inside of what wraps it."""

from functools import partial
from types import FunctionType, MethodType
from typing import Any


def function_in(value: Any) -> FunctionType | None:
    """The function in a partial, a method, a cache or a decorator that names what it wraps; None
    where there is none, as in what is written in C."""
    for _ in range(100):
        if isinstance(value, partial):
            value = value.func
        elif isinstance(value, MethodType):
            value = value.__func__
        elif hasattr(value, "__wrapped__"):
            value = value.__wrapped__
        else:
            break
    return value if isinstance(value, FunctionType) else None
