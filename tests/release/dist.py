"""Making a wheel and an archive of the sources, and environments to install them in."""

import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).parents[2]


class Dist(NamedTuple):
    """What is uploaded for a release."""

    wheel: Path
    sources: Path


def built(folder: Path) -> Dist:
    """Both, as somebody who releases makes them: the wheel from the archive, not from this
    folder."""
    run(sys.executable, "-m", "build", "--outdir", str(folder), str(PROJECT))
    (wheel,) = folder.glob("*.whl")
    (sources,) = folder.glob("*.tar.gz")
    return Dist(wheel, sources)


def fresh(folder: Path, *requirements: str, python: str = sys.executable) -> Path:
    """A new environment of a Python with these installed; its own Python."""
    run(python, "-m", "venv", "--without-pip", str(folder))
    own = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", str(own), "install", "-q", *requirements)
    return own


def run(*command: str, cwd: Path | None = None) -> str:
    """What a command says on its standard output.

    Raises:
        AssertionError: it failed; with all that it said.
    """
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout
