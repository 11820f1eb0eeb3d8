"""Code objects as they travel: with the Python that compiled them, since another one that ran them
would end its process."""

import sys
from types import CodeType
from typing import Any

from ..errors import GatorError

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def with_its_python(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """How pickle makes a code object of these parts again."""
    return code_of, (_PYTHON, *parts)


def code_of(python: str, *parts: Any) -> CodeType:
    """A code object that came here.

    Raises:
        GatorError: another Python compiled it.
    """
    if python != _PYTHON:
        raise GatorError(
            f"a function in it was made by Python {python}, and this is {_PYTHON}, which cannot "
            "run it: read it there, or return plain values"
        )
    return CodeType(*parts)
