"""`gator-nb purge` and `verify`."""

from typing import Annotated, Any

import typer

from ..constants import DAY, RETENTION
from ..durations import duration
from .arguments import Dsn, Json, open_existing, parsed_duration
from .showing import print_json, tasks, tell


def purge(
    dsn: Dsn = None,
    older: Annotated[
        Any,
        typer.Option(
            "--older", parser=parsed_duration, metavar="DURATION", show_default="30d",
            help="Those that ended longer ago; a day at least.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove them.")] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    age = RETENTION if older is None else older
    if age < DAY:
        raise typer.BadParameter("what ended less than a day ago is kept", param_hint="--older")
    with open_existing(dsn) as gator:
        number = gator.purge(age, count_only=not yes)
    if as_json:
        print_json({"older": age, "removed": number if yes else 0, "found": number})
    elif yes:
        typer.echo(f"{tasks(number)} removed")
    else:
        typer.echo(f"{tasks(number)} ended more than {duration(age)} ago and would be removed")
        tell("--yes removes them" if number else "nothing to do")


def verify(dsn: Dsn = None, as_json: Json = False) -> None:
    with open_existing(dsn) as gator:
        faults = gator.verify()
        where = gator.conn_string
    if as_json:
        print_json({"store": where, "faults": faults})
    else:
        typer.echo("\n".join(faults) if faults else f"{where} is sound")
    raise typer.Exit(1 if faults else 0)
