"""Runs tests with the lowest versions of what gator_nb needs, as `pyproject.toml` names them.

    python -m tests.lowest [ARGUMENTS OF PYTEST]

It makes an environment of its own in a temporary folder. What those packages need in turn, and the
tools of the tests, are the newest that fit.
"""

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = ("lab", "server", "dask")
DEFAULT = (
    ("tests", "-m", "not browser and not slow"),
    ("tests/integrations", "tests/cli/test_worker_on_dask.py", "-m", "slow"),
)
"""The fast tests, and all of those with other libraries."""
OLD = ("-W", "ignore::DeprecationWarning")
"""Old versions use what newer ones of what they need have deprecated: no warning of ours."""


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OPTIONAL = PROJECT["optional-dependencies"]


def tools() -> list[str]:
    """What the tests need beside gator_nb; no peers of benchmarks."""
    return [one for one in OPTIONAL["test"] if not one.startswith("gator_nb")]


def lowest() -> list[str]:
    """Each requirement as its lowest version."""
    asked = [*PROJECT["dependencies"], *(one for extra in EXTRAS for one in OPTIONAL[extra])]
    bounds = [re.match(r"([\w.-]+)(?:\[[\w,]+\])?\s*(?:>=|~=)\s*([\w.]+)", one) for one in asked]
    return [f"{one[1]}=={one[2]}" for one in bounds if one is not None]


def main(runs: Sequence[Sequence[str]]) -> int:
    """Make the environment and run pytest in it with each of these arguments; its worst exit
    code."""
    with tempfile.TemporaryDirectory(prefix="lowest-") as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        pins = Path(folder) / "lowest.txt"
        pins.write_text("\n".join(lowest()))
        ours = ["-c", pins, "-e", f"{ROOT}[{','.join(EXTRAS)}]"]
        subprocess.run([python, "-m", "pip", "install", "-q", *ours, *tools()], check=True)
        print(*lowest(), sep="\n")
        tests = [python, "-m", "pytest", *OLD]
        return max(subprocess.call([*tests, *arguments], cwd=ROOT) for arguments in runs)


if __name__ == "__main__":
    sys.exit(main([sys.argv[1:]] if sys.argv[1:] else DEFAULT))
