"""The command itself: its verbs, and how errors are told."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .. import __version__
from ..errors import GatorError
from ..verbs import VERBS
from . import dashboard, demo, doctor, keeping, key, listing, logs, serve, sheet, steering, worker

_RUNS: dict[str, Callable[..., None]] = {
    "worker": worker.worker,
    "serve": serve.serve,
    "dashboard": dashboard.dashboard,
    "ls": listing.ls,
    "show": sheet.show,
    "logs": logs.logs,
    "cancel": steering.cancel,
    "retry": steering.retry,
    "purge": keeping.purge,
    "verify": keeping.verify,
    "doctor": doctor.doctor,
    "demo": demo.demo,
}


class _Verbs(TyperGroup):
    """What goes wrong in a verb is told in a line, and the exit code is 2."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except GatorError as error:
            typer.echo(f"gator-nb: {error}", err=True)
            raise typer.Exit(2) from error


app = typer.Typer(
    name="gator-nb",
    cls=_Verbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"gator_nb {__version__}")
        raise typer.Exit


@app.callback(help="The interactive job queue for notebooks.")
def _gator_nb(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Tell and end.")
    ] = False,
) -> None:
    pass


for _name, _run in _RUNS.items():
    app.command(_name, help=VERBS[_name], epilog=worker.EXIT_CODES if _name == "worker" else None)(
        _run
    )


app.add_typer(key.key, name="key", help=VERBS["key"])


def main() -> None:
    """Run `gator-nb`."""
    app(prog_name="gator-nb")
