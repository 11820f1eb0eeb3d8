"""The sums of all rounds, as a text for people."""

import statistics
from collections import Counter

from .oracle import Verdict


class Sum:
    """What the rounds of one run have shown together."""

    def __init__(self, store: str, seed: int) -> None:
        self._store, self._seed = store, seed
        self._rounds: list[tuple[Verdict, str]] = []
        self._kinds: Counter[str] = Counter()
        self._skipped: set[str] = set()

    def add(
        self, verdict: Verdict, kinds: Counter[str], persistence: str, skipped: list[str]
    ) -> None:
        self._rounds.append((verdict, persistence))
        self._kinds += kinds
        self._skipped |= set(skipped)

    @property
    def faults(self) -> list[str]:
        return [fault for verdict, _ in self._rounds for fault in verdict.faults]

    def text(self) -> str:
        """A table in Markdown, and each violation."""
        verdicts = [verdict for verdict, _ in self._rounds]
        kept = [v for v, how in self._rounds if self._store == "sqlite" or how != "none"]
        given_up = [v for v, how in self._rounds if v not in kept]
        ended: Counter[str] = Counter()
        for verdict in verdicts:
            ended.update(verdict.ended)
        rows = [
            ("rounds", len(verdicts)),
            ("faults", ", ".join(f"{n} {kind}" for kind, n in sorted(self._kinds.items()))),
            ("tasks", ", ".join(f"{n} {word}" for word, n in sorted(ended.items()))),
            ("pushes acknowledged", sum(v.acknowledged for v in kept)),
            ("of these lost", sum(v.lost - v.given_up for v in kept)),
            ("settled twice, or changed after the end", sum(v.settled_twice for v in verdicts)),
            ("begun again", sum(v.run_again for v in verdicts)),
            ("results dropped, as their claim had gone", sum(v.fenced for v in verdicts)),
            ("canceled, stop unconfirmed", sum(v.unconfirmed for v in verdicts)),
            ("cancel to its end", _times([t for v in verdicts for t in v.cancels])),
        ]
        for name in sorted({name for v in verdicts for name in v.recoveries}):
            times = [t for v in verdicts for t in v.recoveries.get(name, [])]
            rows.append((name, _times(times)))
        if self._store == "valkey":
            text = f"{sum(v.lost for v in given_up)} of {sum(v.acknowledged for v in given_up)}"
            rows.append(("lost by a server without persistence, as it warns", text))
            text = str(sum(v.given_up for v in kept))
            rows.append(("lost with the last two seconds before a kill, under everysec", text))
        rows += [("not tried", one) for one in sorted(self._skipped)]
        table = [f"| {name} | {value} |" for name, value in rows]
        head = [f"| {self._store}, seed {self._seed} | |", "|---|---|"]
        return "\n".join([*head, *table, "", *(f"VIOLATION {one}" for one in self.faults)]) + "\n"


def _times(seconds: list[float]) -> str:
    if not seconds:
        return "-"
    ordered = sorted(seconds)
    late = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    middle = statistics.median(ordered)
    return f"p50 {middle:.2f} s, p99 {late:.2f} s, max {ordered[-1]:.2f} s ({len(ordered)})"
