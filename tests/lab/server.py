"""A JupyterLab server of its own: no file of the person who runs the tests, no outside call."""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from ..dashboard.processes import answering, free_port, running

ROOT = Path(__file__).parents[2]
_PREFIX = "/user/me"  # as behind a JupyterHub
TOKEN = "gator"  # the server answers this machine alone, for a minute
_OPTIONS = (
    "--no-browser",
    "--allow-root",  # in a container there is nobody else
    "--ServerApp.ip=127.0.0.1",
    f"--IdentityProvider.token={TOKEN}",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)
_SETTINGS = {
    "apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
    },
}


class Lab(NamedTuple):
    """A server that runs.

    Attributes:
        url: where it answers.
        folder: its notebooks.
        dsn: the store that its kernels use unless told otherwise.
    """

    url: str
    folder: Path
    dsn: str

    def address(self, notebook: str) -> str:
        """The page of a notebook, in a workspace of its own."""
        workspace = Path(notebook).stem
        return f"{self.url}/lab/workspaces/{workspace}/tree/{notebook}?token={TOKEN}"

    def address_in_notebook7(self, notebook: str) -> str:
        """Its page in Notebook 7."""
        return f"{self.url}/notebooks/{notebook}?token={TOKEN}"

    def ask(self, method: str, path: str) -> Any:
        """What the server answers to a request of its owner."""
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {TOKEN}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or "null")

    def write(self, name: str, *cells: str) -> str:
        """Put a notebook of these code cells into the folder."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, self.folder / name)
        return name


@contextmanager
def serving(home: Path) -> Iterator[Lab]:
    """`jupyter lab` of somebody whose home is `home`."""
    folder = home / "notebooks"
    folder.mkdir()
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        (folder / notebook.name).write_bytes(notebook.read_bytes())
    settle(home)
    port = free_port()
    places = [f"--ServerApp.port={port}", f"--ServerApp.root_dir={folder}"]
    places.append(f"--ServerApp.base_url={_PREFIX}/")
    url = f"http://127.0.0.1:{port}{_PREFIX}"
    command = ("-m", "jupyterlab", *_OPTIONS, *places)
    with _environment(home), running(*command), answering(f"{url}/api"):
        yield Lab(url, folder, f"sqlite:///{home}/data/gator_nb/store.sqlite")


def settle(home: Path) -> None:
    """The settings of somebody who wants no news."""
    for name, values in _SETTINGS.items():
        path = home / "config" / "lab" / "user-settings" / "@jupyterlab" / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values))


@contextmanager
def _environment(home: Path) -> Iterator[None]:
    """What the server and its kernels are started with, for as long as it is open."""
    before = dict(os.environ)
    os.environ |= {
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "xdg"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "jupyter"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "MPLCONFIGDIR": str(home / "mpl"),
        "PYTHONPATH": str(ROOT),
    }
    for name in ("GATOR_NB_CONN", "GATOR_NB_KEY", "GATOR_NB_QUEUE"):
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
