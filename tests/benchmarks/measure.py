"""Cases, rounds, medians, and the ratios between them."""

import gc
import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Self

from .peers import WITHOUT_STORE

Unit = Literal[
    "/s", "µs", "ms", "s", "bytes", "MB", "x", "arrays", "% of a core", "wakes/s", "%", "tasks"
]
OURS = "gator_nb"
BARE = "bare"
_MORE_IS_BETTER = ("/s", "%")
_SHORTER = 40
"""How many times less a short run does."""


class Plan(NamedTuple):
    """How much is to be measured."""

    peers: bool = False
    """Everybody, and not only who the targets name."""
    short: bool = False
    """Only to see that it works: figures of so few calls mean nothing."""
    tasks: int = 1_000_000
    """How many the largest store of `scale` holds."""

    def count(self, number: int) -> int:
        return max(2, number // _SHORTER) if self.short else number

    def seconds(self, number: float) -> float:
        return number / _SHORTER if self.short else number


@dataclass(frozen=True)
class Case:
    """What is done once a round, and the figures that it tells."""

    who: str
    """gator_nb, a peer, or "bare"."""
    tells: Mapping[str, Unit]
    """What is measured; figures of one name are compared with each other."""
    run: Callable[[], Sequence[float]] | None
    """One round: the figures, in the order of `tells`."""
    why: str = ""
    """Without `run`: why this one cannot do it."""
    once: bool = False
    """Too long for more than the first round that counts."""
    cold: bool = False
    """A round that does not count would change nothing."""

    @classmethod
    def one(
        cls, what: str, who: str, unit: Unit, run: Callable[[], float], *, cold: bool = False
    ) -> Self:
        """A case of one figure."""
        return cls(who, {what: unit}, lambda: (run(),), cold=cold)

    @classmethod
    def dash(cls, what: str, who: str, why: str) -> Self:
        """What this one cannot do."""
        return cls(who, {what: "x"}, None, why)


@dataclass
class Series:
    """The figures of one thing that was measured, one a round."""

    what: str
    who: str
    unit: Unit
    why: str = ""
    figures: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.figures)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.figures), max(self.figures)

    def times_as_good_as(self, other: "Series") -> float | None:
        """The median of the ratios within each round: a machine that drifts slows both alike. None
        where one of them is too little to be measured."""
        pairs = zip(self.figures, other.figures, strict=False)  # one may run in one round only
        ratios = [ours / theirs for ours, theirs in pairs if ours and theirs]
        if not ratios:
            return None
        ratio = statistics.median(ratios)
        return ratio if self.unit in _MORE_IS_BETTER else 1 / ratio


class Target(NamedTuple):
    """How good gator_nb is to be beside another."""

    what: str
    than: str
    """A peer, "bare", "best peer", or gator_nb itself."""
    least: float
    """So many times as good, at least."""
    than_what: str = ""
    """What the other does, where that is not the same."""


class Limit(NamedTuple):
    """What gator_nb is to stay below, in the unit of the figure."""

    what: str
    most: float
    worst: bool = False
    """In every round, and not by the median."""


class Verdict(NamedTuple):
    what: str
    than: str
    figure: float
    target: float
    met: bool


def judge(targets: Iterable[Target | Limit], series: list[Series]) -> list[Verdict]:
    """What became of each target that was measured."""
    measured = [one for one in series if one.figures]
    verdicts = (
        _beside(one, measured) if isinstance(one, Target) else _below(one, measured)
        for one in targets
    )
    return [verdict for verdict in verdicts if verdict is not None]


def _beside(target: Target, series: list[Series]) -> Verdict | None:
    ours, other = _of(target.what, OURS, series), _other(target, series)
    ratio = ours.times_as_good_as(other) if ours and other else None
    if ratio is None or other is None:
        return None
    than = f"{other.who}, {target.than_what}" if target.than_what else other.who
    return Verdict(target.what, than, ratio, target.least, ratio >= target.least)


def _below(limit: Limit, series: list[Series]) -> Verdict | None:
    ours = _of(limit.what, OURS, series)
    if ours is None:
        return None
    figure = ours.spread[1] if limit.worst else ours.median
    return Verdict(limit.what, ours.unit, figure, limit.most, figure <= limit.most)


def _of(what: str, who: str, series: list[Series]) -> Series | None:
    return next((one for one in series if (one.what, one.who) == (what, who)), None)


def _other(target: Target, series: list[Series]) -> Series | None:
    what = target.than_what or target.what
    if target.than != "best peer":
        return _of(what, target.than, series)
    others = (OURS, BARE, *WITHOUT_STORE)  # what keeps nothing is no peer in this
    there = [one for one in series if one.what == what and one.who not in others]
    best = max if there and there[0].unit in _MORE_IS_BETTER else min
    return best(there, key=lambda one: one.median, default=None)


def interleave(
    cases: list[Case], rounds: int, tell: Callable[[str], None], seconds: float | None = None
) -> list[Series]:
    """Run every case once a round, after a round that does not count. After so many seconds no
    further round begins; one that counts there always is."""
    limit = time.monotonic() + (math.inf if seconds is None else seconds)
    series = [
        [Series(what, case.who, unit, case.why) for what, unit in case.tells.items()]
        for case in cases
    ]
    for number in range(rounds + 1):
        if number > 1 and time.monotonic() > limit:
            break
        for case, told in zip(cases, series, strict=True):
            skipped = (case.once and number != 1) or (case.cold and not number)
            if case.run is None or skipped:
                continue
            tell(f"round {number}/{rounds}: {next(iter(case.tells))}, {case.who}")
            for one, figure in zip(told, case.run(), strict=True):
                one.figures += [figure] if number else []
    return [one for told in series for one in told]


@contextmanager
def _heap_of_its_own() -> Iterator[None]:
    """What the other cases left on the heap is not gone through while this one is measured."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def seconds_of(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    with _heap_of_its_own():
        start = time.perf_counter()
        work()
        return time.perf_counter() - start


def per_second(count: int, work: Callable[[], object]) -> float:
    """How many of `count` things `work` does in a second."""
    return count / seconds_of(work)


def times_of(times: int, work: Callable[[], object]) -> list[float]:
    """How long each `work` takes, in seconds; the shortest first."""
    taken = []
    with _heap_of_its_own():
        for _ in range(times):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return sorted(taken)


def p50_and_p99(times: int, work: Callable[[], object], scale: float) -> tuple[float, float]:
    """The time of one `work`, in seconds times `scale`: the middle one, and one in a hundred."""
    taken = times_of(times, work)
    return statistics.median(taken) * scale, taken[(99 * len(taken)) // 100] * scale
