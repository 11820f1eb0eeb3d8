"""The tests against the wheel, in fresh environments of other Pythons.

python -m tests.release PYTHON [PYTHON ...] [-- PYTEST ARGUMENTS]

Each PYTHON is a command or a path. Without arguments for pytest the fast tests run. The tests come
from the archive of the sources, with its package taken out, so that only the wheel can be tested;
those that read the sources themselves are left to the checkout.
"""

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from .dist import Dist, built, fresh, run

_OF_THE_SOURCES = ("--ignore=tests/documents", "--ignore=tests/mutations")


def tested(dist: Dist, python: str, folder: Path, arguments: list[str]) -> tuple[str, bool]:
    """Install the wheel for a Python and run tests with it; what pytest says last, and whether
    they passed."""
    own = fresh(folder / "env", f"{dist.wheel}[test]", python=python)
    with tarfile.open(dist.sources) as archive:
        archive.extractall(folder, filter="data")
    (sources,) = folder.glob("gator_nb-*")
    shutil.rmtree(sources / "gator_nb")
    log = folder / "pytest.log"
    with log.open("w") as out:
        command = [str(own), "-m", "pytest", "-q", *_OF_THE_SOURCES, *arguments]
        code = subprocess.call(command, cwd=sources, stdout=out, stderr=out)
    lines = log.read_text().splitlines()
    told = [line for line in lines if line.startswith(("FAILED", "ERROR"))] + lines[-1:]
    return "\n".join(told), code == 0


def main(pythons: list[str], arguments: list[str]) -> bool:
    """Whether the tests pass on every one; says so of each."""
    good = []
    with tempfile.TemporaryDirectory(prefix="gator-release-", ignore_cleanup_errors=True) as place:
        dist = built(Path(place, "dist"))
        print(dist.wheel.name, dist.sources.name, flush=True)
        for number, python in enumerate(pythons):
            print(run(python, "--version").strip(), flush=True)
            told, passed = tested(dist, python, Path(place, str(number)), arguments)
            print(told, flush=True)
            good.append(passed)
    return all(good)


if __name__ == "__main__":
    given = sys.argv[1:]
    cut = given.index("--") if "--" in given else len(given)
    sys.exit(0 if main(given[:cut] or [sys.executable], given[cut + 1 :]) else 1)
