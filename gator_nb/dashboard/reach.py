"""How a browser reaches a port of this process: straight, or through the Jupyter server."""

import http.client
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from ..settings import dashboard_url

_ANSWERS_WITHIN = 2.0
"""Seconds in which the Jupyter server of this kernel answers, or is not asked."""


class _Server(NamedTuple):
    """The Jupyter server that started this kernel."""

    url: str
    base: str


def proxied(port: int) -> str | None:
    """Where the Jupyter server of this kernel passes this port on, with a "/" at its end; None
    where nothing does.

    That is `$GATOR_NB_DASHBOARD_URL`, with `{port}` and any variable of the environment in it;
    else the prefix of JupyterHub; else the server that started this kernel, where it has
    jupyter-server-proxy.

    Raises:
        ValueError: the variable names what is not there.
    """
    template = dashboard_url()
    if template:
        return _filled(template, port)
    prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
    if prefix:
        return f"{prefix.rstrip('/')}/proxy/{port}/"
    server = _server()
    if server is not None and _passes_on(server, port):
        return f"{server.base.rstrip('/')}/proxy/{port}/"
    return None


def place_of_pages() -> str:
    """What shows this notebook, where that is not a Jupyter page: "VS Code", "Colab", else ""."""
    if "google.colab" in sys.modules:
        return "Colab"
    main = sys.modules.get("__main__")
    return "VS Code" if hasattr(main, "__vsc_ipynb_file__") else ""


def _filled(template: str, port: int) -> str:
    try:
        address = template.format(port=port, **os.environ)
    except (KeyError, IndexError, ValueError) as error:
        raise ValueError(
            f"$GATOR_NB_DASHBOARD_URL is {template!r}, and {error} is no variable: write it as in "
            '"{JUPYTERHUB_SERVICE_PREFIX}proxy/{port}/"'
        ) from None
    return f"{address.rstrip('/')}/"


def _server() -> _Server | None:
    """It left a file about itself under its process id, which the kernel knows."""
    try:
        from jupyter_core.paths import jupyter_runtime_dir
    except ImportError:
        return None
    told = Path(jupyter_runtime_dir(), f"jpserver-{os.environ.get('JPY_PARENT_PID', '')}.json")
    try:
        found = json.loads(told.read_text(encoding="utf-8"))
        return _Server(found["url"], found["base_url"])
    except (OSError, ValueError, KeyError):
        return None


def _passes_on(server: _Server, port: int) -> bool:
    """Whether it knows the way. Who is not logged in is told no more than that."""
    address = urlsplit(server.url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    asked = kind(address.hostname or "", address.port, timeout=_ANSWERS_WITHIN)
    try:
        asked.request("GET", f"{server.base.rstrip('/')}/proxy/{port}")
        return asked.getresponse().status != http.HTTPStatus.NOT_FOUND
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()
