"""Values that are nothing but themselves: they cannot change, nor hold anything that can."""

from typing import Any

ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes, type(...)})


def is_atom(value: Any) -> bool:
    """Whether this is a number, a text or the like.

    >>> is_atom(0.5), is_atom([0.5])
    (True, False)
    """
    return type(value) in ATOMS
