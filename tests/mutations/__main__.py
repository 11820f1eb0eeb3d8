"""`python -m tests.mutations [--only WORDS] [--report PATH]`

Takes out one guard after the other, and tells which test has noticed. Ends with 1 when one has
not been noticed.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from . import GUARDS
from .mutant import Broken, Mutant, Verdict, copy_of_the_project, run, try_out


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("--only", default="", help="guards whose names have these words")
    parser.add_argument("--report", type=Path)
    wanted = parser.parse_args()
    guards = [one for one in GUARDS if wanted.only in one.guard]
    with tempfile.TemporaryDirectory(prefix="gnb-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # some tests give up root inside of it
        unsound = _unsound(guards, folder)
        verdicts = [(one, _tried(one, folder, unsound)) for one in guards]
    text = table(verdicts)
    print(text)
    if wanted.report is not None:
        wanted.report.write_text(text)
    return 1 if any(verdict.caught_by is None for _, verdict in verdicts) else 0


def _unsound(guards: list[Mutant], folder: Path) -> dict[tuple[str, ...], str]:
    """Tests that fail with every guard in its place, so notice nothing, and the first of each."""
    found = {}
    with copy_of_the_project(folder) as copy:
        for tests in dict.fromkeys(one.tests for one in guards):
            verdict = run(tests, copy)
            if verdict.caught_by is not None:
                verdict = run(tests, copy)  # a busy machine may have failed it
            print(f"with all guards: {' '.join(tests)}: {verdict.seconds:.0f} s", flush=True)
            if verdict.caught_by is not None:
                found[tests] = f"{verdict.caught_by} fails with every guard in its place"
    return found


def _tried(mutant: Mutant, folder: Path, unsound: dict[tuple[str, ...], str]) -> Verdict:
    try:
        if mutant.tests in unsound:
            raise Broken(unsound[mutant.tests])
        verdict = try_out(mutant, folder)
    except Broken as error:
        print(f"{mutant.guard}: BROKEN, {error}", flush=True)
        return Verdict(None, 0.0, note=f"not tried: {error}"[:200])
    once = "" if verdict.again else " (not at a second run)"
    print(f"{mutant.guard}: {verdict.caught_by or 'SURVIVED'}{once}", flush=True)
    return verdict


def table(verdicts: list[tuple[Mutant, Verdict]]) -> str:
    """What was found, in Markdown."""
    rows = [
        f"| {mutant.guard} | {_short(verdict)} | {verdict.seconds:.0f} s |"
        for mutant, verdict in verdicts
    ]
    caught = sum(verdict.caught_by is not None for _, verdict in verdicts)
    head = ["| without | the first test that fails | after |", "|---|---|---|"]
    return "\n".join([*head, *rows, "", f"{caught} of {len(verdicts)} were noticed."]) + "\n"


def _short(verdict: Verdict) -> str:
    if verdict.caught_by is None:
        return verdict.note or "**none**"
    file, _, name = verdict.caught_by.partition("::")
    words = name.removeprefix("test_").replace("_", " ")
    once = "" if verdict.again else " (not at a second run)"
    hangs = f" ({verdict.note})" if verdict.note else once
    return f"`{file.removeprefix('tests/')}` {words}{hangs}"


if __name__ == "__main__":
    sys.exit(main())
