"""Arguments that several verbs share, and opening the store that they name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import needs
from ..backends import address_of
from ..backends.sqlite import address
from ..constants import EVERY
from ..errors import StoreUnavailable
from ..gator import Gator
from ..needs import Needs
from ..option_values import queue_or_none, seconds
from ..states import Status, status_of

_STORE = (
    "The store, as in sqlite:///tasks.sqlite or redis://host, or the name of a profile; without it "
    "$GATOR_NB_CONN, else your own file."
)


def parsed_duration(text: str) -> float:
    """A duration as it is written at the command line, in seconds."""
    try:
        return seconds(float(text) if _is_number(text) else text, "duration")
    except ValueError as error:
        raise typer.BadParameter(str(error).partition(": ")[2]) from None


def status(text: str) -> Status:
    """A status by its word."""
    try:
        return status_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def queue_name(text: str) -> str:
    """The name of a queue, or EVERY."""
    try:
        return EVERY if text == EVERY else queue_or_none(text, "queue") or EVERY
    except ValueError:
        raise typer.BadParameter("give the name of a queue") from None


def capacity(text: str) -> Needs:
    """One of what a worker has."""
    try:
        return needs.capacity(text)
    except (TypeError, ValueError):
        raise typer.BadParameter("write it as gpu=2, memory=64GB or license=1") from None


Dsn = Annotated[
    str | None, typer.Argument(metavar="DSN", help=_STORE, show_default=False)
]  # fmt: skip
Store = Annotated[
    str | None,
    typer.Option("--store", "-s", metavar="DSN", help=_STORE, show_default=False),
]
Json = Annotated[bool, typer.Option("--json", help="Results as JSON, one object a line.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Ids = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="ID...", help="Ids, or what they begin with, or names.", show_default=False
    ),
]
Id = Annotated[str, typer.Argument(metavar="ID", help="An id, or what it begins with, or a name.")]
Queues = Annotated[
    list[Any] | None,
    typer.Option(
        "--queue", "-q", parser=queue_name, metavar="NAME", show_default=False,
        help="Of this queue; may be repeated.",
    ),
]  # fmt: skip
UnixSocket = Annotated[
    Path | None,
    typer.Option(
        metavar="PATH", show_default=False, help="Listen there in place of a port: for a proxy."
    ),
]
Statuses = Annotated[
    list[Any] | None,
    typer.Option(
        "--status", parser=status, metavar="STATUS", show_default=False,
        help="In this status, such as failed; may be repeated.",
    ),
]  # fmt: skip


class NoStoreYet(StoreUnavailable):
    """A file that nobody has pushed to."""


def open_gator(dsn: str | None) -> Gator:
    """The store that a person named; it is made where there is none.

    Raises:
        UnknownScheme, StoreUnavailable, StoreCorrupt, StoreVersion: the text has the mend.
    """
    gator = Gator(dsn)
    if not gator.backend.persistent:
        gator.close()
        raise StoreUnavailable(
            f"{gator.conn_string} lives inside the process that made it, and this is another one: "
            "use sqlite:///tasks.sqlite there and here"
        )
    return gator


def open_existing(dsn: str | None) -> Gator:
    """That; but a file that is not there is not made, since nothing could be found in it.

    Raises:
        UnknownScheme, StoreUnavailable, StoreCorrupt, StoreVersion
    """
    meant = address_of(dsn)
    if meant.lower().startswith("sqlite:") and not (path := address.parse(meant).path).exists():
        raise NoStoreYet(f"there is no store at {path}; the first push to it makes one")
    return open_gator(dsn)


def one_or_every(queues: Sequence[str] | None) -> tuple[str, ...] | None:
    """The queues that are meant; None is every one."""
    return None if not queues or EVERY in queues else tuple(dict.fromkeys(queues))


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()
