"""Whether a function has been edited since a task of it was pushed."""

import sys
from typing import Any

from .call_key import code_part, same_kind
from .wrapped import function_in


def edited_since(key: str | None, function: str) -> bool | None:
    """Whether the function of that name here does something else than the one with this key; None
    when nobody can tell: it is not here, or another Python made the key.

    What it calls and captures is left aside: data may be large, and is no edit.

    Args:
        key: the `call_key` of the task.
        function: module and qualified name, as "__main__.fit".

    >>> edited_since(None, "math.sqrt") is None
    True
    """
    found = function_now(function)
    if key is None or found is None or not same_kind(key):
        return None
    return code_part(key) != code_part(found)


def function_now(function: str) -> Any:
    """What is called that here at this moment, None when nothing is: the function, or what wraps
    it, by the longest part of its name that is a module.

    >>> function_now("math.sqrt")(4.0)
    2.0
    """
    parts = function.split(".")
    for end in range(len(parts) - 1, 0, -1):
        found: Any = sys.modules.get(".".join(parts[:end]))
        if found is not None:
            break
    else:
        return None
    for part in parts[end:]:
        found = getattr(found, part, None)
    return found if callable(found) else function_in(found)
