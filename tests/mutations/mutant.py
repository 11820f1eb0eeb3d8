"""A guard that is taken out of a copy of the project, and what the suite says to that."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_PARTS = ("gator_nb", "tests", "pyproject.toml", "README.md", "CONTRIBUTING.md")
_LONGEST = 400.0
"""Seconds after which a run counts as hanging."""
_FIRST = re.compile(r"^(?:FAILED|ERROR) (\S+?)(?: - |$)", re.MULTILINE)
_BEGUN = re.compile(r"^(tests/\S+::.+?) *(?:(?:PASSED|FAILED|ERROR).*)?$", re.MULTILINE)


class Mutant(NamedTuple):
    """One guard, and the text that takes it out."""

    guard: str
    """What it guards, in a few words; its name."""
    file: str
    """Where it stands, below gator_nb/."""
    old: str
    """The guard; stands there once."""
    new: str
    tests: tuple[str, ...]
    """Arguments of pytest: where it should be caught."""

    @property
    def source(self) -> Path:
        return Path("gator_nb") / self.file


class Verdict(NamedTuple):
    caught_by: str | None
    """The first test that failed; None: the mutant survived."""
    seconds: float
    again: bool = True
    """It failed a second time, by itself; without that it may have been the machine."""
    note: str = ""


class Broken(Exception):
    """A run says nothing: the tests could not even begin, or fail without any mutant."""


@contextmanager
def copy_of_the_project(folder: Path) -> Iterator[Path]:
    """A copy whose files can be changed; it is gone afterwards."""
    copy = folder / "copy"
    ignored = shutil.ignore_patterns("*.ipynb", ".hypothesis")
    for part in _PARTS:
        source = ROOT / part
        if source.is_dir():
            shutil.copytree(source, copy / part, ignore=ignored)
        else:
            copy.mkdir(exist_ok=True)
            shutil.copy2(source, copy / part)
    try:
        yield copy
    finally:
        shutil.rmtree(copy)


def try_out(mutant: Mutant, folder: Path) -> Verdict:
    """Run its tests on a copy without the guard.

    Raises:
        Broken
    """
    with copy_of_the_project(folder) as copy:
        file = copy / mutant.source
        text = file.read_text()
        if text.count(mutant.old) != 1:
            raise Broken(f"{mutant.guard}: {mutant.source} does not have that text once")
        file.write_text(text.replace(mutant.old, mutant.new))
        verdict = run(mutant.tests, copy)
        if verdict.caught_by is None or verdict.note:
            return verdict
        return verdict._replace(again=run([verdict.caught_by], copy).caught_by is not None)


def run(tests: Sequence[str], copy: Path) -> Verdict:
    """Run tests of a copy until the first fails.

    Raises:
        Broken: they could not begin.
    """
    command = [sys.executable, "-m", "pytest", "-x", "-v", "-m", "", "-n", "0", "--timeout", "90"]
    command += ["-p", "no:cacheprovider", "--basetemp", str(copy.parent / "pytest"), *tests]
    began = time.monotonic()
    try:
        ran = subprocess.run(
            command, cwd=copy, env=os.environ | {"PYTHONPATH": str(copy)},
            check=False, capture_output=True, text=True, timeout=_LONGEST,
        )  # fmt: skip
    except subprocess.TimeoutExpired as stuck:
        return _hanging((stuck.stdout or b"").decode(errors="replace"), time.monotonic() - began)
    seconds = time.monotonic() - began
    if ran.returncode == 0:
        return Verdict(None, seconds)
    first = _FIRST.search(ran.stdout)
    if ran.returncode == 1 and first is not None:
        return Verdict(first.group(1), seconds)
    if "Timeout" in ran.stdout + ran.stderr:
        return _hanging(ran.stdout, seconds)
    raise Broken(f"{' '.join(tests)} cannot run:\n{ran.stdout[-3000:]}{ran.stderr[-3000:]}")


def _hanging(told: str, seconds: float) -> Verdict:
    """The test that was begun last has no end without the guard."""
    begun = _BEGUN.findall(told)
    return Verdict(begun[-1] if begun else "(they hang)", seconds, note="it hangs")
