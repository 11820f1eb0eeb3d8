"""User text as text: one line, nothing that a browser or a terminal could obey, capped."""

from ..payload import one_line

NAME_LIMIT = 120
ERROR_LIMIT = 300
SHORT_ID = 8


def safe(text: str | None, limit: int = NAME_LIMIT) -> str:
    """The text in one line, without control and bidirectional characters, cut with an ellipsis.

    >>> safe("fit\\u202egnp.exe" + chr(27) + "[31m")
    'fit gnp.exe [31m'
    """
    return one_line(text or "", limit)


def short_id(task_id: str) -> str:
    """Enough of an id to tell tasks apart by eye."""
    return safe(task_id[:SHORT_ID], SHORT_ID)
