"""Which fault strikes when: made from a seed alone, so that the seed replays it."""

import random
from typing import NamedTuple

WORKERS = ("kill worker", "stop worker", "kill child", "stop child", "move clock")
CLIENTS = ("kill driver", "kill kernel", "stop kernel")
ANYWHERE = (*WORKERS, *CLIENTS, "wrong key", "rotate key", "garbage")
BY_STORE = {
    "sqlite": (*ANYWHERE, "disk full"),
    "valkey": (
        *ANYWHERE, "kill server", "pause server", "lose replies", "repeat", "delay", "cut",
    ),
}  # fmt: skip


class Fault(NamedTuple):
    after: float
    """Seconds since the fault before it."""
    kind: str
    which: int
    """Of those that it can strike, counted round."""
    seconds: float
    """For how long, where it lasts."""


def schedule(seed: str, store: str, seconds: float) -> list[Fault]:
    """The faults of one round. Each kind comes once before any comes again."""
    chance = random.Random(seed)
    faults: list[Fault] = []
    time = 0.0
    while time < seconds:
        kinds = list(BY_STORE[store])
        chance.shuffle(kinds)
        for kind in kinds:
            fault = Fault(
                chance.uniform(0.2, 1.0), kind, chance.randrange(100), chance.uniform(0.3, 1.5)
            )
            time += fault.after + (0.0 if kind.startswith("kill") else fault.seconds)
            faults.append(fault)
    return faults
