"""`gator-nb key`: what signs tasks, and carrying it to other machines."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import keys, settings
from ..client.workforce import CARRY_KEY
from ..errors import GatorError
from .arguments import Json
from .showing import print_json, tell

key = typer.Typer(no_args_is_help=True, add_completion=False)

_CARRY = f"`{CARRY_KEY}` brings it to another machine"


@key.command(help="Tell the ids of the keys; with --secret print the keys themselves.")
def show(
    secret: Annotated[
        bool, typer.Option("--secret", help="The keys: whoever reads them may run code as you.")
    ] = False,
    as_json: Json = False,
) -> None:
    ring = keys.load()
    if secret:
        _refuse_notebook()
        typer.echo(keys.secrets_text(ring), nl=False)
        return
    where = _where()
    if as_json:
        print_json({"signs": ring.current.id, "verify": list(ring.ids), "from": where})
        return
    typer.echo(f"{ring.current.id}  signs and verifies, from {where}")
    for one in ring.ids[1:]:
        typer.echo(f"{one}  verifies")
    tell(_CARRY)


@key.command(help="Print where the keys lie.")
def path() -> None:
    typer.echo(str(keys.key_file()))
    if settings.key_text() is not None:
        tell(f"${settings.KEY} is set, so the file is not read")


@key.command("import", help="Add keys that are read from standard input or a file.")
def import_(
    file: Annotated[
        Path | None,
        typer.Argument(help="With a key a line; standard input without it.", show_default=False),
    ] = None,
    sign: Annotated[
        bool, typer.Option("--sign", help="Sign with it from now on; else it only verifies.")
    ] = False,
) -> None:
    try:
        added = keys.add(sys.stdin.read() if file is None else file.read_text(), sign=sign)
    except (OSError, UnicodeDecodeError) as error:
        if isinstance(error, GatorError):
            raise
        raise GatorError(f"{file} cannot be read: {error}") from error
    known = keys.load()
    for one in added:
        typer.echo(f"{one.id}  added, {'signs' if one.id == known.current.id else 'verifies'}")
    if not added:
        typer.echo("nothing new: these keys are here already")
    _tell_to_restart()


@key.command(help="Make a new key that signs from now on; the older ones go on verifying.")
def rotate() -> None:
    new = keys.rotate()
    typer.echo(f"{new.id}  signs from now on; {len(keys.load().ids) - 1} older verify")
    tell(_CARRY)
    _tell_to_restart()


def _tell_to_restart() -> None:
    tell("kernels and workers that run keep the keys they have read until they are started anew")


def _where() -> str:
    return f"${settings.KEY}" if settings.key_text() is not None else str(keys.key_file())


def _refuse_notebook() -> None:
    """What a cell prints is saved, and shared, with the notebook."""
    if "JPY_PARENT_PID" in os.environ or "JPY_SESSION_NAME" in os.environ:
        raise GatorError(
            "a notebook keeps what its cells print, and a key must not be in it: run this in a "
            "terminal"
        )
