"""`python -m tests.benchmarks [SUITE] [--peers] [--rounds N] [--json FILE]`: see `--help`."""

import json
import logging
import sys
from contextlib import AbstractContextManager, ExitStack
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Protocol, cast

import typer
from rich.console import Console

from . import peers, report
from .measure import Case, Limit, Plan, Series, Target, Verdict, interleave, judge

_WIDTH = 140
"""Of the tables in a file."""
_SHARE = 40.0
"""Seconds of each suite in `all`, after which it begins no further round."""


class Suite(StrEnum):
    """Each is a module beside this one, save the last."""

    memory = "memory"
    sqlite = "sqlite"
    redis = "redis"
    start = "start"
    payload = "payload"
    scale = "scale"
    fairness = "fairness"
    dashboard = "dashboard"
    stopping = "stopping"
    libraries = "libraries"
    all = "all"


class _Module(Protocol):
    TARGETS: list[Target | Limit]

    def cases(self, plan: Plan) -> AbstractContextManager[list[Case]]: ...


def main(
    suite: Annotated[Suite, typer.Argument(help="what to measure")] = Suite.all,
    full: Annotated[bool, typer.Option("--peers", help="the full field beside it")] = False,
    rounds: Annotated[int, typer.Option(min=1, help="rounds that count")] = 3,
    short: Annotated[bool, typer.Option("--short", help="a few calls each, as a check")] = False,
    tasks: Annotated[int, typer.Option(min=1_000, help="of scale: the largest store")] = 1_000_000,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the run here")] = None,
) -> None:
    """Measure gator_nb beside its peers and beside the bare chain of its parts: interleaved rounds,
    medians with their spread.

    memory: in the kernel. sqlite, redis: push, drain, push to result. start: imports, cold workers,
    idle workers. payload: a large array that many tasks capture. scale: a thousand to a million
    queued, long maps, many who wait. fairness: beside a flood. dashboard: its server. stopping:
    cancels, a killed worker. libraries: joblib and Dask by way of the queue (in `all` only with
    --peers).
    """
    logging.getLogger("gator_nb").setLevel(logging.ERROR)  # that its servers keep nothing
    console, plan = Console(width=None if sys.stdout.isatty() else _WIDTH), Plan(full, short, tasks)
    series: list[Series] = []
    verdicts: list[Verdict] = []
    seconds = _SHARE if suite is Suite.all and not full else None
    for name in _chosen(suite, full=full):
        figures, judged = _measured(console, name, plan, rounds, seconds)
        series += figures
        verdicts += judged
    for note in peers.notes({one.who for one in series}):
        console.print(note)
    if json_file is not None:
        json_file.write_text(json.dumps(report.as_json(series, verdicts, plan, rounds), indent=1))


def _chosen(suite: Suite, *, full: bool) -> list[Suite]:
    if suite is not Suite.all:
        return [suite]
    return [one for one in Suite if one is not Suite.all and (full or one is not Suite.libraries)]


def _measured(
    console: Console, suite: Suite, plan: Plan, rounds: int, seconds: float | None
) -> tuple[list[Series], list[Verdict]]:
    """One suite after the other: what one has opened is closed before the next begins."""
    module = cast("_Module", import_module(f".{suite}", __package__))
    with ExitStack() as stack, console.status(f"{suite}: starting") as status:
        cases = stack.enter_context(module.cases(plan))
        series = interleave(cases, rounds, status.update, seconds)
    verdicts = [] if plan.short else judge(module.TARGETS, series)
    report.show(console, series, verdicts)
    return series, verdicts


if __name__ == "__main__":
    typer.run(main)
