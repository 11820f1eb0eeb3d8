"""Which queue belongs to this notebook."""

import getpass
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .. import settings
from .register import Known, forget, others, recall, remember

SCRATCH = "scratch"
"""The queue of everything that does not know its notebook."""


class Home(NamedTuple):
    """Where the tasks of a notebook belong."""

    queue: str
    path: str = ""
    """Of its file, where that is known; only then it is written down which queue it has."""
    cell: str = ""
    """The id of the cell that loads the extension."""
    was: Known | None = None
    """The notebook that it was renamed from, whose queue it goes on with."""
    copied: Known | None = None
    """The notebook that it is a copy of, whose queue stays that one's."""


def home_of(namespace: Mapping[str, object], cell: str = "") -> Home:
    """The queue of this notebook: `$GATOR_NB_QUEUE`; else what it had before, also under another
    name; else its file's name with four hex digits of its path, so that two notebooks of one name
    do not run each other's tasks; else "scratch".

    Args:
        namespace: the user's, where VS Code leaves the file's path.
        cell: the id of the cell that loads the extension, where that is told.
    """
    told = settings.queue_name()
    if told:
        return Home(told)
    path = str(os.environ.get("JPY_SESSION_NAME") or namespace.get("__vsc_ipynb_file__") or "")
    if not path:
        return Home(SCRATCH)
    before = recall(path)
    home = Home(before.queue, path, cell) if before else _home_of_new(path, cell)
    keep(home, home.queue)
    if home.was is not None:
        forget(home.was)
    return home


def keep(home: Home, queue: str) -> None:
    """From now on that is the queue of this notebook."""
    if home.path:
        remember(Known(home.path, queue, home.cell))


def _home_of_new(path: str, cell: str) -> Home:
    """Of one that was never here under this name. A copy is one whose first is still there."""
    known = others(path)
    twins = [one for one in known if cell and one.cell == cell] if Path(path).exists() else []
    firsts = [one for one in twins if one.there]
    if twins and not firsts:
        return Home(twins[0].queue, path, cell, was=twins[0])
    digest = hashlib.sha256(path.encode()).hexdigest()[:4]
    queue = _unused(f"{Path(path).stem}-{digest}", {one.queue for one in known})
    return Home(queue, path, cell, copied=firsts[0] if firsts else None)


def _unused(name: str, taken: set[str]) -> str:
    """A notebook that was renamed has kept the queue that is named after its old path.

    >>> _unused("fits-1f0e", {"fits-1f0e"})
    'fits-1f0e-2'
    """
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def of_this_user(queue: str) -> str:
    """The name of a queue on a server that several people use: prefixed by who works here.

    That is the user of JupyterHub, in whose containers all have one name, else of the system.
    """
    return f"{os.environ.get('JUPYTERHUB_USER') or _system_user()}/{queue}"


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container knows no name for its user
        return str(os.getuid())
