"""A client as a process of its own: it pushes and cancels, and writes down what was acknowledged.

`python -m tests.chaos.driver ADDRESS FOLDER SEED` goes on until it is killed.
"""

import os
import random
import sys
import time
from pathlib import Path

from gator_nb import Gator
from gator_nb.errors import GatorError

from .calls import stuck, told


class Acknowledged:
    """A file with a line for each promise that the store has made to a client.

    Lines of 64 bytes lie across no page: no kill leaves half of one.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, word: str, task_id: str) -> None:
        os.write(self._fd, f"{word} {task_id} {time.time()!r}".ljust(63).encode() + b"\n")
        os.fsync(self._fd)


def drive(gator: Gator, folder: Path, chance: random.Random) -> None:
    """Push one, push several, cancel; whatever the store refuses was never promised."""
    acknowledged = Acknowledged(folder / "acknowledged")
    ledger = str(folder / "ledger")
    plain, hogging = told(ledger), stuck(ledger)
    recent: list[str] = []
    while True:
        options = {"retries": 1, "on_lost": "retry"}
        if chance.random() < 0.4:
            options["run_in"] = "process"
        try:
            pushed = _push(gator.options(**options), chance, plain, hogging)
            for task_id in pushed:
                acknowledged.note("push", task_id)
            recent = (recent + pushed)[-20:]
            if chance.random() < 0.3:
                task_id = chance.choice(recent)
                gator.cancel(task_id)
                acknowledged.note("cancel", task_id)
        except GatorError as error:
            print(error, flush=True)
            time.sleep(0.1)
        time.sleep(chance.uniform(0.0, 0.15))


def _push(options, chance: random.Random, plain, hogging) -> list[str]:
    kind = chance.random()
    if kind < 0.02:
        return [options.task(hogging, 0, 2.5).task_id]
    if kind < 0.3:
        lengths = [chance.choice([0.0, 0.0, 0.05]) for _ in range(8)]
        return [task.task_id for task in options.map(plain, range(8), lengths)]
    return [options.task(plain, 1, chance.choice([0.0, 0.02, 0.1, 0.5])).task_id]


if __name__ == "__main__":
    address, where, seed = sys.argv[1:]
    with Gator(address) as opened:
        print("ready", flush=True)
        drive(opened, Path(where), random.Random(seed))
