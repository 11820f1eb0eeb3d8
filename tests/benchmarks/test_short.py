"""The benchmarks' smallest form: that they run and what they write, not how quick anything is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .measure import BARE, OURS, Case, Limit, Series, Target, interleave, judge


@pytest.mark.slow
def test_a_run_tells_each_figure_of_each_round(tmp_path: Path) -> None:
    """With the machine and the versions that it hangs on. So few calls judge no target."""
    file = tmp_path / "run.json"
    command = [sys.executable, "-m", "tests.benchmarks", "memory", "--short", "--rounds", "2"]
    subprocess.run([*command, "--json", file], check=True, capture_output=True, timeout=120)
    run = json.loads(file.read_text())
    figures = {(one["what"], one["who"]): one["all"] for one in run["figures"]}
    assert {("memory: a task among many", who) for who in (OURS, BARE)} <= figures.keys()
    assert all(len(rounds) == 2 and min(rounds) > 0 for rounds in figures.values())
    assert run["machine"]["cores"]
    assert run["versions"]["cloudpickle"]
    assert run["targets"] == []


def test_rounds_are_interleaved_and_the_first_counts_for_nothing() -> None:
    """So that a machine that becomes slower is so for everybody."""
    order: list[str] = []

    def tell(who: str) -> float:
        order.append(who)
        return float(len(order))

    cases = [Case.one("push", who, "/s", lambda who=who: tell(who)) for who in (OURS, BARE)]
    ours, bare = interleave(cases, 2, lambda _text: None)
    assert order == 3 * [OURS, BARE]
    assert (ours.figures, bare.figures) == ([3, 5], [4, 6])


def test_no_round_begins_once_the_time_is_over() -> None:
    """One that counts there always is."""
    case = Case.one("push", OURS, "/s", lambda: 1.0)
    (series,) = interleave([case], 5, lambda _text: None, seconds=-1)
    assert series.figures == [1.0]


def test_targets_are_judged_by_the_ratio_within_each_round() -> None:
    """Of a rate more is better, of a time less; a limit holds for the median, or the worst round.
    What nobody else was measured for is not judged."""
    ours, huey, rq = (Series("drain", who, "/s") for who in (OURS, "huey", "rq"))
    ours.figures, huey.figures, rq.figures = [2.0, 20.0], [1.0, 10.0], [0.5, 1.0]
    call = Series("call", OURS, "ms", figures=[2.0, 20.0])
    slower = Series("call", "huey", "ms", figures=[1.0, 10.0])
    targets = {
        Target("drain", "best peer", 2): True,
        Target("drain", "best peer", 2.1): False,
        Target("call", "huey", 0.5): True,
        Target("call", "huey", 0.6): False,
        Limit("call", 12): True,
        Limit("call", 12, worst=True): False,
        Target("call", "rq", 1): None,
    }
    verdicts = judge(targets, [ours, huey, rq, call, slower])
    assert [one.met for one in verdicts] == [met for met in targets.values() if met is not None]
