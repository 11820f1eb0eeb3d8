"""Cases, rounds, medians, and the ratios between them."""

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Unit = Literal["/s", "µs", "ms", "bytes", "x"]
OURS = "gator_nb"
BARE = "bare"


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

    def times_as_good_as(self, other: "Case") -> float:
        """The median of the ratios within each round: a machine that drifts slows both alike."""
        ratios = (ours / theirs for ours, theirs in zip(self.figures, other.figures, strict=True))
        ratio = statistics.median(ratios)
        return ratio if self.unit == "/s" else 1 / ratio


class Target(NamedTuple):
    """How good gator_nb is to be beside another."""

    what: str
    than: str
    """A peer, "bare", or "best peer"."""
    least: float
    """So many times as good, at least."""
    than_what: str = ""
    """What the other does, where that is not the same."""


class Verdict(NamedTuple):
    target: Target
    than: str
    ratio: float

    @property
    def met(self) -> bool:
        return self.ratio >= self.target.least


def judge(targets: Iterable[Target], cases: list[Case]) -> list[Verdict]:
    """What became of each target whose cases were measured."""
    verdicts = []
    for target in targets:
        ours = [one for one in cases if one.what == target.what and one.who == OURS]
        other = _other(target, cases)
        if ours and other is not None:
            verdicts.append(Verdict(target, other.who, ours[0].times_as_good_as(other)))
    return verdicts


def _other(target: Target, cases: list[Case]) -> Case | None:
    there = [one for one in cases if one.what == (target.than_what or target.what)]
    if target.than == "best peer":
        there = [one for one in there if one.who not in (OURS, BARE)]
        best = max if there and there[0].unit == "/s" else min
        return best(there, key=lambda one: one.median, default=None)
    return next((one for one in there if one.who == target.than), None)


def interleave(cases: list[Case], rounds: int, tell: Callable[[str], None]) -> None:
    """Run every case once a round, after a round that does not count."""
    for number in range(rounds + 1):
        for case in cases:
            tell(f"round {number}/{rounds}: {case.what}, {case.who}")
            figure = case.run()
            if number:
                case.figures.append(figure)


@contextmanager
def _heap_of_its_own() -> Iterator[None]:
    """What the other cases left on the heap is not gone through while this one is measured."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def per_second(count: int, work: Callable[[], object]) -> float:
    """How many of `count` things `work` does in a second."""
    with _heap_of_its_own():
        start = time.perf_counter()
        work()
        return count / (time.perf_counter() - start)


def median_time(times: int, work: Callable[[], object], scale: float) -> float:
    """The median time of one `work`, in seconds times `scale`."""
    taken = []
    with _heap_of_its_own():
        for _ in range(times):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return statistics.median(taken) * scale
