"""The tile "Gator queue" of JupyterLab's launcher, and links that open the page or its demo.

jupyter-server-proxy starts the page when it is first asked for, passes it on to whoever is logged
in there, and ends it with the Jupyter server. It speaks to it by a socket in a folder of its own:
there is no port that others of this machine could reach.
"""

import sys
from pathlib import Path
from typing import Any

_STARTS_WITHIN = 60
"""Seconds."""


def queue() -> dict[str, Any]:
    """The page of the store that notebooks use, at `gator-queue/` of the Jupyter server.

    >>> queue()["launcher_entry"]["title"]
    'Gator queue'
    """
    icon = Path(__file__).with_name("tile.svg")
    launcher = {"title": "Gator queue", "icon_path": str(icon), "category": "Notebook"}
    return _passed_on("dashboard", "--no-show") | {"launcher_entry": launcher}


def demo() -> dict[str, Any]:
    """A queue at work, at `gator-demo/` of the Jupyter server; it has no tile.

    >>> demo()["command"][-3:]
    ['--no-browser', '--unix-socket', '{unix_socket}']
    """
    return _passed_on("demo", "--no-browser") | {"launcher_entry": {"enabled": False}}


def _passed_on(*words: str) -> dict[str, Any]:
    return {
        "command": [sys.executable, "-m", "gator_nb", *words, "--unix-socket", "{unix_socket}"],
        "unix_socket": True,
        "timeout": _STARTS_WITHIN,
        "new_browser_tab": False,
    }
