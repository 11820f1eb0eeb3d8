"""`gator-nb dashboard`."""

from typing import Annotated

import typer

from .arguments import Dsn


def dashboard(
    dsn: Dsn = None,
    port: Annotated[
        int | None,
        typer.Option(help="0 is any free one; without it 5006, or any where that is taken."),
    ] = None,
    address: Annotated[str, typer.Option(help="An address of this machine.")] = "127.0.0.1",
    show: Annotated[bool, typer.Option(help="Open it in a browser.")] = True,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Show, and change nothing.")
    ] = False,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A host:port by which browsers reach it; may be repeated."),
    ] = None,
) -> None:
    from ..dashboard.server import serve

    serve(
        dsn, port=port, address=address, show=show, read_only=read_only, origins=origin or (),
        tell=typer.echo,
    )  # fmt: skip
