"""The wheel and the archive of the sources: whole, and enough for somebody who has nothing else."""

import re
import subprocess
import tarfile
import urllib.request
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

import gator_nb

from ..waiting import until
from .dist import PROJECT, Dist, built, fresh, run

pytestmark = pytest.mark.slow

JOB = """
import sys
from gator_nb import Gator, current_task

def double(x):
    print("in", current_task().label)
    return 2 * x

with Gator(f"sqlite:///{sys.argv[1]}") as gator:
    gator.start_worker(threads=1)
    gator.start_worker(processes=1)
    calls = gator.map(double, range(3)), gator.options(run_in="process").map(double, range(3))
    print([group.get() for group in calls], calls[1][0].logs().strip())
"""
CELL = """
%load_ext gator_nb
task = gator.task(pow, 2, 10); print(task.get())
"""


def files_below(folder: Path) -> set[str]:
    return {
        str(file.relative_to(PROJECT))
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Dist:
    return built(tmp_path_factory.mktemp("dist"))


def test_the_wheel_has_every_file_of_the_package(dist: Dist) -> None:
    """Scripts for servers, styles, pages and the mark of a typed package too; nothing else is in
    it, and its version is that of the package."""
    with zipfile.ZipFile(dist.wheel) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        (metadata,) = [name for name in wheel.namelist() if name.endswith("/METADATA")]
        told = Parser().parsestr(wheel.read(metadata).decode())
    assert names == files_below(PROJECT / "gator_nb")
    assert "gator_nb/py.typed" in names
    assert told["Version"] == gator_nb.__version__


def test_the_sources_have_all_that_their_tests_need(dist: Dist) -> None:
    """Tests, notebooks and documents; and nothing that lies beside them by chance."""
    with tarfile.open(dist.sources) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("gator_nb", "tests", "notebooks"):
        assert files_below(PROJECT / folder) <= names
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "pyproject.toml"} <= names
    chosen = {".ci", ".gitignore", "PKG-INFO", "binder", "gator_nb", "notebooks", "tests"}
    assert {name.partition("/")[0] for name in names if "/" in name} <= chosen


def test_the_version_stands_in_one_place() -> None:
    """Whatever tells it asks the package: a release changes one line."""
    texts = [*PROJECT.glob("*.toml"), *(PROJECT / "gator_nb").rglob("*.py")]
    literal = re.compile(rf"""["']{re.escape(gator_nb.__version__)}["']""")
    found = [file.name for file in texts if literal.search(file.read_text())]
    assert found == ["__init__.py"]


@pytest.mark.timeout(900)  # a minute, unless the machine or the index is busy
def test_the_wheel_is_enough(dist: Dist, tmp_path: Path) -> None:
    """In an environment with nothing but the wheel and what it asks for: the command, a job in
    threads and one in a process, the extension, and the dashboard."""
    python = fresh(tmp_path / "fresh", str(dist.wheel))
    command = str(python.parent / "gator-nb")
    assert run(command, "--version").strip() == f"gator_nb {gator_nb.__version__}"

    (tmp_path / "job.py").write_text(JOB)
    told = run(str(python), "job.py", "jobs.sqlite", cwd=tmp_path)
    assert told == "[[0, 2, 4], [0, 2, 4]] in double\n"

    (tmp_path / "cell.ipy").write_text(CELL)
    told = run(str(python), "-m", "IPython", "--no-banner", "cell.ipy", cwd=tmp_path)
    assert told.splitlines()[-1] == "1024"

    page = first_page([command, "dashboard", f"sqlite:///{tmp_path}/jobs.sqlite"], tmp_path)
    assert "Gator queue" in page


def first_page(dashboard: list[str], folder: Path) -> str:
    """What the dashboard answers to a browser; it ends without a complaint."""
    said = folder / "said"
    with said.open("w") as out:
        server = subprocess.Popen([*dashboard, "--port", "0", "--no-show"], stdout=out, stderr=out)
    try:
        until(lambda: "Ctrl-C" in said.read_text() or server.poll() is not None, 40)
        url = re.search(r"http://\S+", said.read_text())
        assert url, said.read_text()
        with urllib.request.urlopen(url[0], timeout=20) as page:
            return page.read().decode()
    finally:
        server.terminate()
        assert server.wait(20) == 0, said.read_text()
