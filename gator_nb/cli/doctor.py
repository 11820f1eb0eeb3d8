"""`gator-nb doctor`."""

from collections.abc import Sequence

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .arguments import Dsn, Json
from .checks import Check, examine
from .showing import console, print_json, safe

_LOOKS = {"fine": ("✔", "green"), "note": ("•", "yellow"), "wrong": ("✘", "bold red")}


def doctor(dsn: Dsn = None, as_json: Json = False) -> None:
    checks = list(examine(dsn))
    if as_json:
        for check in checks:
            print_json(check._asdict())
    else:
        out = console()
        out.print(_table(checks, out))
    raise typer.Exit(1 if any(check.state == "wrong" for check in checks) else 0)


def _table(checks: Sequence[Check], out: Console) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for check in checks:
        sign, style = _LOOKS[check.state]
        mark = Text(check.state if out.options.ascii_only else sign, style=style)
        text = Text(safe(check.told, 600))
        if check.mend:
            text.append(f"\n{safe(check.mend, 600)}", style="bold")
        grid.add_row(mark, Text(check.what, style="bold"), text)
    return grid
