"""The cluster of somebody else's that `gator-nb worker --executor` runs tasks on."""

import concurrent.futures
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import typer


class Kind(StrEnum):
    """What kinds there are."""

    DASK = "dask"


@contextmanager
def executor_on(
    kind: Kind | None, scheduler: str | None
) -> Iterator[concurrent.futures.Executor | None]:
    """The executor of the cluster at this address while it is open; None where none is asked for.

    Raises:
        typer.BadParameter: the text has the mend.
    """
    if kind is None:
        if scheduler is not None:
            raise typer.BadParameter("it goes with --executor dask", param_hint="--scheduler")
        yield None
        return
    try:
        from dask import config
        from distributed import Client
    except ModuleNotFoundError as error:
        raise typer.BadParameter(
            f"{error}; pip install 'gator_nb[dask]'", param_hint="--executor"
        ) from None
    address = scheduler or config.get("scheduler-address", None)
    if address is None:
        raise typer.BadParameter(
            "give the address of the scheduler, as --scheduler tcp://host:8786",
            param_hint="--executor",
        )
    try:
        client = Client(address)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(
            f"no scheduler answers at {address}: {error}", param_hint="--scheduler"
        ) from None
    with client:
        yield client.get_executor()
