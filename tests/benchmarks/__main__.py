"""`python -m tests.benchmarks [memory|sqlite|all] [--rounds N] [--json FILE]`."""

import json
import platform
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import apsw
import typer
from rich.console import Console
from rich.table import Table

import gator_nb

from . import memory, sqlite
from .measure import Case, interleave


class Suite(StrEnum):
    memory = "memory"
    sqlite = "sqlite"
    all = "all"


_SUITES: dict[Suite, Callable[[], list[Case]]] = {
    Suite.memory: memory.cases,
    Suite.sqlite: sqlite.cases,
}


def main(
    suite: Annotated[Suite, typer.Argument(help="what to measure")] = Suite.all,
    rounds: Annotated[int, typer.Option(min=1, help="rounds that count")] = 5,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures here")] = None,
) -> None:
    """Measure gator_nb beside its peers and the bare chain; medians of interleaved rounds."""
    console = Console()
    chosen = list(_SUITES) if suite is Suite.all else [suite]
    cases = [case for name in chosen for case in _SUITES[name]()]
    with console.status("starting") as status:
        interleave(cases, rounds, status.update)
    console.print(_table(cases, rounds))
    if json_file is not None:
        json_file.write_text(json.dumps(_figures(cases), indent=1))


def _table(cases: list[Case], rounds: int) -> Table:
    machine = f"Python {platform.python_version()}, SQLite {apsw.sqlite_lib_version()}"
    table = Table(title=f"medians of {rounds} rounds; {machine}, {platform.machine()}")
    for heading in ("what", "who", "median", "min – max", "to gator_nb"):
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
    ours = [other for other in cases if other.what == case.what and other.who == "gator_nb"]
    if not ours or ours[0] is case:
        return ""
    ratio = ours[0].median / case.median
    return f"{ratio if case.unit == '/s' else 1 / ratio:.2f}x"


def _figures(cases: list[Case]) -> dict[str, object]:
    return {
        "gator_nb": gator_nb.__version__,
        "python": sys.version,
        "cases": [
            {"what": c.what, "who": c.who, "unit": c.unit, "median": c.median, "all": c.figures}
            for c in cases
        ],
    }


if __name__ == "__main__":
    typer.run(main)
