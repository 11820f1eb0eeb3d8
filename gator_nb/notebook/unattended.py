"""Whether somebody sits before this notebook: nbclient, nbconvert and papermill end the kernel
after the last cell, with all that runs in it."""

from typing import Any

NOTE = (
    "nobody watches this notebook, and its kernel ends after the last cell: make that "
    "`%gator wait`, which waits for the tasks and fails when one of them has failed"
)


def unattended(shell: Any) -> bool:
    """Whether the cell that runs was sent by a program: it says that nobody can be asked."""
    get_parent = getattr(shell, "get_parent", None)  # a terminal has none
    parent = get_parent() if get_parent is not None else None
    content = parent.get("content", {}) if isinstance(parent, dict) else {}
    return content.get("allow_stdin") is False
