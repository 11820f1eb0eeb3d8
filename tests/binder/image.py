"""The files in `binder/`, done as repo2docker does them, with a fresh environment for conda's."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml

from ..release.dist import run

PROJECT = Path(__file__).parents[2]
_LEFT_OUT = shutil.ignore_patterns(".git", ".wip", "__pycache__", ".*_cache")


class Image(NamedTuple):
    """A folder with the repository in it, and an environment."""

    repository: Path
    environment: Path
    home: Path

    @property
    def variables(self) -> dict[str, str]:
        """Of somebody who has just come, and of nothing that this process knows."""
        places = f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
        kept = ("LANG", "SSL_CERT_FILE", "TMPDIR")
        known = {name: os.environ[name] for name in kept if name in os.environ}
        config = str(self.home / "config")
        mine = {"HOME": str(self.home), "JUPYTER_CONFIG_DIR": config, "USER": "jovyan"}
        return known | mine | {"PATH": places}


def python_asked_for() -> str:
    """The Python that `environment.yml` names, as "3.11".

    Raises:
        AssertionError: it asks for more than a Python and pip, which could not be done here.
    """
    asked = yaml.safe_load((PROJECT / "binder" / "environment.yml").read_text())["dependencies"]
    (python,) = [one for one in asked if one.startswith("python=")]
    assert set(asked) == {python, "pip"}, asked
    return python.partition("=")[2]


def python_of(version: str) -> str:
    """A command that starts it.

    Raises:
        FileNotFoundError: it is neither on the path nor in pyenv.
    """
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        return sys.executable
    in_pyenv = Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
    found = shutil.which(f"python{version}") or next(map(str, in_pyenv), None)
    if found is None:
        raise FileNotFoundError(f"there is no Python {version} here")
    return found


def built(folder: Path) -> Image:
    """The repository with its environment, once `postBuild` has run in it."""
    image = Image(folder / "repository", folder / "environment", folder / "home")
    shutil.copytree(PROJECT, image.repository, ignore=_LEFT_OUT)
    image.home.mkdir()
    run(python_of(python_asked_for()), "-m", "venv", str(image.environment))
    subprocess.run(
        [image.repository / "binder" / "postBuild"], cwd=image.repository, env=image.variables,
        check=True, timeout=1200,
    )  # fmt: skip
    return image


@contextmanager
def started(image: Image, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """`start COMMAND` in it; all that runs there ends with the block, as with a container."""
    session = subprocess.Popen(
        [image.repository / "binder" / "start", *command],
        cwd=image.repository, env=image.variables, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield session
    finally:
        os.killpg(session.pid, signal.SIGTERM)
        session.wait(60)
