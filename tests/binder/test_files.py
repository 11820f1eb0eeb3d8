"""The files in `binder/`, without making an image: what they ask for, and what `start` starts.

`python -m tests.binder FOLDER` makes the image and visits it.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ..waiting import until
from .image import PROJECT, Image, python_asked_for, started

WORK = """
import pathlib, time
from gator_nb import Gator, errors

def opened():
    for _ in range(300):
        try:
            return Gator("lab")
        except errors.GatorError:
            time.sleep(0.1)

with opened() as gator:
    gator.start_worker()
    told = f"{gator.task(pow, 2, 10).get(timeout=60)} {gator.durability}"
pathlib.Path("told").write_text(told)
time.sleep(60)
"""


def test_the_environment_fits_the_package() -> None:
    """Its Python is one that the package takes."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    least = project["requires-python"].removeprefix(">=").split(".")
    assert [*map(int, python_asked_for().split("."))] >= [*map(int, least)]


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_can_be_run_and_stop_at_the_first_fault(name: str) -> None:
    script = PROJECT / "binder" / name
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text()
    subprocess.run(["bash", "-n", script], check=True, timeout=10)


@pytest.mark.slow
def test_a_server_lies_beside_what_is_started(tmp_path: Path) -> None:
    """The command that Binder gives becomes the session, with a Valkey beside it that keeps what it
    is given; with the session it ends."""
    (tmp_path / "binder").symlink_to(PROJECT / "binder")
    (tmp_path / "work.py").write_text(WORK)
    image = Image(tmp_path, Path(sys.prefix), tmp_path)
    with started(image, "python", "work.py"):
        until((tmp_path / "told").exists, 60)
        assert (tmp_path / "told").read_text().startswith("1024 ")
        assert "lab" in (tmp_path / ".config" / "gator_nb" / "profiles.toml").read_text()
    log = tmp_path / ".local" / "state" / "gator-nb-serve.log"
    until(lambda: "lab has ended" in log.read_text(), 20)
