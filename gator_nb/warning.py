"""Warnings that name the user's line, however deep below it the mistake was noticed."""

import sys
import warnings
from pathlib import Path

_PACKAGE = str(Path(__file__).parent)


def warn_user(text: str) -> None:
    """Warn at the first line that is not gator_nb's own."""
    frame, depth = sys._getframe(1), 2  # noqa: SLF001 -- what Python 3.12 has an argument for
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, depth = frame.f_back, depth + 1
    warnings.warn(text, stacklevel=depth)
