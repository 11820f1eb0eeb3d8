"""`gator-nb serve`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import GatorError
from ..host.places import data_folder
from ..profiles import demand_name, profiles_file, save_profile

if TYPE_CHECKING:
    from .valkey import Plan


def _name(text: str) -> str:
    try:
        demand_name(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return text


def serve(
    name: Annotated[
        str, typer.Option("--name", "-n", callback=_name, help="Of the profile.")
    ] = "lab",
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, show_default="that from before, at first 6379 or any free one",
            help="0 is any free one.",
        ),
    ] = None,
    address: Annotated[str, typer.Option(help="An address of this machine.")] = "127.0.0.1",
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let other machines in, by plain text.")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", show_default="in your data folder", help="For its data."),
    ] = None,
) -> None:  # fmt: skip
    try:
        from .valkey import Server, is_loopback, plan, sole_server
    except ImportError as error:
        raise GatorError(f"a server needs Linux or macOS ({error})") from error

    if not (is_loopback(address) or insecure):
        raise GatorError(_exposed(address, port))
    folder = (data or data_folder()[0] / "servers" / name).expanduser().absolute()
    with sole_server(name, folder) as lock:
        planned = plan(name, address, port, folder)
        server = Server(planned, lock)
        with server.signals():
            version = server.await_answer(lambda: typer.echo(f"{name}: reading its data from disk"))
            if version is not None:
                save_profile(name, planned.profile)
                typer.echo(_greeting(planned, version, open_to_others=not is_loopback(address)))
            server.await_end()
    typer.echo(f"{name} has ended; its tasks are in {folder} for the next time")


def _exposed(address: str, port: int | None) -> str:
    there = port or 6379
    return (
        f"{address} can be reached from other machines, and this server speaks no TLS: whoever is "
        f"on the way could read tasks and password. Serve 127.0.0.1, and on the other machine "
        f"`ssh -L {there}:127.0.0.1:{there} this-machine`; or add --insecure where the network "
        "itself is trusted"
    )


def _greeting(plan: "Plan", version: str, *, open_to_others: bool) -> str:
    """What to type next."""
    name, address = plan.name, plan.profile.address
    lines = [
        f"{name}: Valkey {version} at {address}, its data in {plan.folder}",
        f"  in a notebook  %gator connect {name}",
        f"  in a terminal  gator-nb worker {name}",
        "Ctrl-C ends it, and keeps tasks and results.",
    ]
    if open_to_others:
        lines.insert(1, f"  OPEN TO OTHER MACHINES at {plan.host}:{plan.port}, by plain text:")
        lines.insert(2, "  whoever is on the way can read tasks and password. There, copy")
        lines.insert(3, f"  [{name}] of {profiles_file()} (mode 600), with the name of")
        lines.insert(4, "  this machine and ?insecure=1 in its address.")
    return "\n".join(lines)
