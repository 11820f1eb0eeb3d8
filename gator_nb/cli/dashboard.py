"""`gator-nb dashboard`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from .arguments import Dsn, UnixSocket


def dashboard(
    dsn: Dsn = None,
    port: Annotated[
        int | None,
        typer.Option(help="0 is any free one; without it 5006, or any where that is taken."),
    ] = None,
    address: Annotated[str, typer.Option(help="An address of this machine.")] = "127.0.0.1",
    unix_socket: UnixSocket = None,
    show: Annotated[bool, typer.Option(help="Open it in a browser.")] = True,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Show, and change nothing.")
    ] = False,
    password_file: Annotated[
        Path | None,
        typer.Option(
            help="Asks whoever comes for the password in it (mode 0600), in plain or hashed; where "
            "there is no such file, asks you for one and keeps its hash there."
        ),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A host:port by which browsers reach it; may be repeated."),
    ] = None,
) -> None:
    from ..dashboard.server import serve

    def asked() -> str:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))

    serve(
        dsn, port=port, address=address, unix_socket=unix_socket, show=show, read_only=read_only,
        origins=origin or (),
        password_file=password_file,
        ask_password=asked if sys.stdin.isatty() else None, tell=typer.echo,
    )  # fmt: skip
