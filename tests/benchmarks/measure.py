"""Cases, rounds, medians."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["/s", "µs", "ms"]


@dataclass
class Case:
    """Something that is measured: `run` does one round and answers one figure."""

    what: str
    """What is measured; cases of one `what` are compared with each other."""
    who: str
    """gator_nb, a peer, or "bare"."""
    unit: Unit
    run: Callable[[], float]
    figures: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.figures)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.figures), max(self.figures)


def interleave(cases: list[Case], rounds: int, tell: Callable[[str], None]) -> None:
    """Run every case once a round, after a round that does not count."""
    for number in range(rounds + 1):
        for case in cases:
            tell(f"round {number}/{rounds}: {case.what}, {case.who}")
            figure = case.run()
            if number:
                case.figures.append(figure)


def per_second(count: int, work: Callable[[], object]) -> float:
    """How many of `count` things `work` does in a second."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def median_time(times: int, work: Callable[[], object], scale: float) -> float:
    """The median time of one `work`, in seconds times `scale`."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * scale
