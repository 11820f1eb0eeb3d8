"""`python -m tests.benchmarks [memory|sqlite|redis|libraries|all] [--rounds N] [--json FILE]`, the
same with `stopping` or `payload`, and
`python -m tests.benchmarks million [--store redis|sqlite] [--tasks N] [--json FILE]`."""

import json
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple

import apsw
import typer
from rich.console import Console
from rich.table import Table

import gator_nb

from . import libraries, memory, million, payload, peers, redis, sqlite, stopping
from .measure import OURS, Case, Target, Verdict, interleave, judge


class Suite(StrEnum):
    memory = "memory"
    sqlite = "sqlite"
    redis = "redis"
    libraries = "libraries"
    all = "all"
    million = "million"
    stopping = "stopping"
    payload = "payload"


class _Suite(NamedTuple):
    cases: Callable[[], AbstractContextManager[list[Case]]]
    targets: Sequence[Target]


def _without_server(
    cases: Callable[[], list[Case]],
) -> Callable[[], AbstractContextManager[list[Case]]]:
    @contextmanager
    def opened() -> Iterator[list[Case]]:
        yield cases()

    return opened


_SUITES = {
    Suite.memory: _Suite(_without_server(memory.cases), memory.TARGETS),
    Suite.sqlite: _Suite(_without_server(sqlite.cases), sqlite.TARGETS),
    Suite.redis: _Suite(redis.cases, redis.TARGETS),
    Suite.libraries: _Suite(libraries.cases, libraries.TARGETS),
}


def main(
    suite: Annotated[Suite, typer.Argument(help="what to measure")] = Suite.all,
    rounds: Annotated[int, typer.Option(min=1, help="rounds that count")] = 5,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
    store: Annotated[million.Store, typer.Option(help="of million")] = million.Store.redis,
    tasks: Annotated[int, typer.Option(min=1, help="of million: how many are queued")] = 1_000_000,
) -> None:
    """Measure gator_nb beside its peers and the bare chain; medians of interleaved rounds.

    `million` measures what the verbs cost with so many tasks queued, beside a thousand; `stopping`
    how long a cancel takes whatever the code does; `payload` a large array that many tasks capture.
    """
    console = Console()
    if suite is Suite.million:
        figures = _measure_many(console, store, tasks)
    elif suite is Suite.stopping:
        figures = _measure_stopping(console, rounds)
    elif suite is Suite.payload:
        figures = _measure_payload(console, rounds)
    else:
        figures = _measure(console, suite, rounds)
    if json_file is not None:
        json_file.write_text(json.dumps(figures, indent=1))


def _measure(console: Console, suite: Suite, rounds: int) -> dict[str, object]:
    chosen = [_SUITES[name] for name in (_SUITES if suite is Suite.all else [suite])]
    with ExitStack() as stack, console.status("starting") as status:
        cases = [case for one in chosen for case in stack.enter_context(one.cases())]
        interleave(cases, rounds, status.update)
    verdicts = judge([target for one in chosen for target in one.targets], cases)
    console.print(_figures_table(cases, rounds))
    console.print(_targets_table(verdicts))
    for name in peers.absent():
        console.print(f"{name} is not installed, and left out")
    return _figures(cases, verdicts)


def _measure_many(console: Console, store: million.Store, tasks: int) -> dict[str, object]:
    with console.status("starting") as status:
        report = million.measure(store, tasks, status.update)
    table = Table(title=f"{store}: a verb with {million.FEW:,} and with {tasks:,} tasks queued")
    for heading in ("what", f"{million.FEW:,}", f"{tasks:,}", "ratio", "target", ""):
        table.add_column(heading, justify="left" if heading in ("what", "") else "right")
    for row in report.rows:
        met = "met" if row.ratio <= million.MOST_TIMES else "missed"
        times = (f"{row.few:,.0f} µs", f"{row.many:,.0f} µs", f"{row.ratio:.2f}x")
        table.add_row(row.what, *times, f"{million.MOST_TIMES}x", met)
    met = "met" if report.bytes_a_task <= million.MOST_BYTES else "missed"
    size = f"{report.bytes_a_task:,.0f} bytes"
    table.add_row("a task besides its call", "", size, "", f"{million.MOST_BYTES:,}", met)
    console.print(table)
    rows = [row._asdict() | {"ratio": row.ratio} for row in report.rows]
    return {"store": store, "tasks": tasks, "verbs": rows, "bytes_a_task": report.bytes_a_task}


def _measure_stopping(console: Console, rounds: int) -> dict[str, object]:
    with console.status("starting") as status:
        rows = stopping.measure(rounds, status.update)
    table = Table(title=f"{rounds} times each, on {platform.machine()}")
    for heading in ("what", "median", "worst", "target", ""):
        table.add_column(heading, justify="left" if heading in ("what", "") else "right")
    for row in rows:
        met = "" if row.most is None else "met" if row.worst <= row.most else "missed"
        target = "" if row.most is None else f"{row.most:g} {row.unit}"
        seconds = (f"{row.median:.2f} {row.unit}", f"{row.worst:.2f} {row.unit}")
        table.add_row(row.what, *seconds, target, met)
    console.print(table)
    return {"rows": [row._asdict() for row in rows]}


def _measure_payload(console: Console, rounds: int) -> dict[str, object]:
    with console.status("starting") as status:
        rows = payload.measure(rounds, status.update)
    table = Table(
        title=f"{payload.TASKS} tasks that capture {payload.MB} MB, in arrays of that size"
    )
    headings = "who", "stored", "memory", "push", "all", ""
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("who", "") else "right")
    for row in rows:
        met = "met" if row.memory < payload.MOST_TIMES and row.stored < 1.1 else "missed"
        figures = (f"{row.stored:.2f}", f"{row.memory:.2f}", f"{row.pushing:.2f} s")
        table.add_row(
            row.what, *figures, f"{row.all:.2f} s", met if row.what.startswith("gator_nb") else ""
        )
    console.print(table)
    return {"rows": [row._asdict() for row in rows]}


def _figures_table(cases: list[Case], rounds: int) -> Table:
    machine = f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}"
    table = Table(title=f"medians of {rounds} rounds; {machine}, {platform.machine()}")
    for heading in ("what", "who", "median", "min – max", "gator_nb is"):
        table.add_column(heading, justify="left" if heading in ("what", "who") else "right")
    for case in cases:
        low, high = case.spread
        table.add_row(
            case.what,
            case.who,
            f"{case.median:,.4g} {case.unit}",
            f"{low:,.4g} – {high:,.4g}",
            _ratio(case, cases),
        )
    return table


def _ratio(case: Case, cases: list[Case]) -> str:
    """How many times as good gator_nb is as this case."""
    ours = [other for other in cases if other.what == case.what and other.who == OURS]
    return "" if not ours or ours[0] is case else f"{ours[0].times_as_good_as(case):.2f}x"


def _targets_table(verdicts: list[Verdict]) -> Table:
    table = Table(title="targets: how many times as good gator_nb is")
    for heading in ("what", "than", "ratio", "target", ""):
        table.add_column(heading, justify="right" if heading in ("ratio", "target") else "left")
    for verdict in verdicts:
        target = verdict.target
        than = f"{verdict.than}, {target.than_what}" if target.than_what else verdict.than
        shown = (
            f"{verdict.ratio:.2f}x",
            f"{target.least:.2f}x",
            "met" if verdict.met else "missed",
        )
        table.add_row(target.what, than, *shown)
    return table


def _figures(cases: list[Case], verdicts: list[Verdict]) -> dict[str, object]:
    return {
        "gator_nb": gator_nb.__version__,
        "python": sys.version,
        "cases": [
            {"what": c.what, "who": c.who, "unit": c.unit, "median": c.median, "all": c.figures}
            for c in cases
        ],
        "targets": [
            {"what": v.target.what, "than": v.than, "target": v.target.least, "ratio": v.ratio}
            for v in verdicts
        ],
    }


if __name__ == "__main__":
    typer.run(main)
