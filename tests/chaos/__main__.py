"""`python -m tests.chaos --minutes N --seed S [--store sqlite|valkey] [--report PATH]`

Rounds of faults until the time is over; ends with 1 when an invariant did not hold.
"""

import argparse
import os
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from itertools import count
from pathlib import Path

from .arena import PERSISTENCE, play_round
from .report import Sum


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", choices=["sqlite", "valkey"], default="sqlite")
    parser.add_argument("--round", type=float, default=20.0, help="seconds of faults in a round")
    parser.add_argument("--report", type=Path)
    wanted = parser.parse_args()
    wanted.folder = tempfile.gettempdir()  # each round has a temporary folder of its own in it
    os.environ["GATOR_NB_KEY"] = secrets.token_hex(32)
    end, total = time.monotonic() + 60 * wanted.minutes, Sum(wanted.store, wanted.seed)
    for number in count():
        if number and time.monotonic() >= end:
            break
        total.add(*_round(wanted, number))
        print(f"round {number}: {len(total.faults)} violations so far", flush=True)
        if total.faults:
            break
    text = total.text()
    print(text)
    if wanted.report is not None:
        wanted.report.write_text(text)
    return 1 if total.faults else 0


def _round(wanted: argparse.Namespace, number: int):
    persistence = list(PERSISTENCE)[number % len(PERSISTENCE)]
    folder = Path(tempfile.mkdtemp(prefix="gnb-", dir=wanted.folder))
    os.environ.update(TMPDIR=str(folder), HOME=str(folder))
    tempfile.tempdir = None
    seed = f"{wanted.seed}-{number}"
    verdict, faults, skipped = play_round(
        folder, wanted.store, seed, wanted.round, persistence, lambda text: print(" ", text)
    )
    if verdict.faults:
        print(f"what it left is in {folder}", file=sys.stderr)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return verdict, Counter(fault.kind for fault in faults), persistence, skipped


if __name__ == "__main__":
    sys.exit(main())
