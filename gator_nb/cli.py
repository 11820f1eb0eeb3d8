"""`gator-nb`: what can be done with a store from a terminal."""

import sys
from typing import Annotated

import typer

from .errors import GatorError

app = typer.Typer(
    name="gator-nb",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The interactive job queue for notebooks.",
)

Dsn = Annotated[
    str | None,
    typer.Argument(
        metavar="DSN",
        help="The store, as in sqlite:///tasks.sqlite; without it $GATOR_NB_CONN, else your own.",
        show_default=False,
    ),
]


@app.callback()
def _gator_nb() -> None:
    """The interactive job queue for notebooks."""


@app.command()
def dashboard(
    dsn: Dsn = None,
    port: Annotated[
        int | None,
        typer.Option(help="0 is any free one; without it 5006, or any where that is taken."),
    ] = None,
    address: Annotated[str, typer.Option(help="An address of this machine.")] = "127.0.0.1",
    show: Annotated[bool, typer.Option(help="Open it in a browser.")] = True,
) -> None:
    """Show a store's tasks in a browser, live, and cancel them there."""
    from .dashboard.server import serve

    serve(dsn, port=port, address=address, show=show, tell=typer.echo)


def main() -> None:
    """Run `gator-nb`. What goes wrong is told in a line; the exit code is 2."""
    try:
        app(prog_name="gator-nb")
    except GatorError as error:
        typer.echo(f"gator-nb: {error}", err=True)
        sys.exit(2)
