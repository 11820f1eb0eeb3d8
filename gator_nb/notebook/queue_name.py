"""Which queue belongs to this notebook."""

import getpass
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from .. import settings

SCRATCH = "scratch"
"""The queue of everything that does not know its notebook."""


def notebook_queue(namespace: Mapping[str, object]) -> str:
    """The queue of this notebook: `$GATOR_NB_QUEUE`, else its file's name with four hex digits of
    its path, so that two notebooks of one name do not run each other's tasks; else "scratch".

    Args:
        namespace: the user's, where VS Code leaves the file's path.
    """
    told = settings.queue_name()
    if told:
        return told
    path = os.environ.get("JPY_SESSION_NAME") or namespace.get("__vsc_ipynb_file__")
    if not path:
        return SCRATCH
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:4]
    return f"{Path(str(path)).stem}-{digest}"


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
