"""`gator-nb worker`."""

from collections.abc import Iterable
from contextlib import ExitStack, nullcontext
from typing import Annotated, Any

import typer

from ..client.workforce import workers
from ..constants import EVERY
from ..gator import Gator
from ..output.read_back import reading_back
from .arguments import Dsn, capacity, open_gator, parsed_duration, queue_name
from .cluster import Kind, executor_on
from .limits import Limits
from .metrics import metrics_address, metrics_of
from .serving import ServingWorker
from .status_line import status_line
from .worker_log import log_lines

EXIT_CODES = (
    "Ctrl-C or SIGTERM lets what runs finish and begins nothing more; a second one interrupts it, "
    "and it goes back to the queue. Exit codes:\n\n"
    "0: all that began was settled or given back.\n\n"
    "1: a task could not be stopped, the store could not be told, or the cluster has gone.\n\n"
    "2: wrong use, or no store at the start.\n\n"
    "130 (Ctrl-C) or 143 (SIGTERM): a second signal cut it short."
)

_Duration = Any
"""Seconds, as `arguments.parsed_duration` reads them."""


def worker(
    dsn: Dsn = None,
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads", "-t", min=1, metavar="N", show_default="one a core, four at most",
            help="Run so many tasks at a time.",
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            "--processes", "-p", min=1, metavar="N", show_default=False,
            help="Run them in so many processes instead, which can be stopped whatever they do.",
        ),
    ] = None,
    executor: Annotated[
        Kind | None,
        typer.Option(
            show_default=False, help="Run them on a cluster of this kind instead, in all it has."
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", show_default="what Dask is configured with",
            help="That of the cluster, as tcp://host:8786.",
        ),
    ] = None,
    queue: Annotated[
        list[Any] | None,
        typer.Option(
            "--queue", "-q", parser=queue_name, metavar="NAME", show_default="every queue",
            help="Serve this queue; may be repeated.",
        ),
    ] = None,
    has: Annotated[
        list[Any] | None,
        typer.Option(
            "--has", parser=capacity, metavar="NAME=AMOUNT",
            show_default="GPUs and memory as found",
            help="What it has for tasks with needs, as gpu=2 or license=1; may be repeated.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="Shown beside its tasks.", show_default="host and process"),
    ] = None,
    max_tasks: Annotated[int, typer.Option(min=0, help="End after so many; 0 is never.")] = 0,
    max_time: Annotated[
        _Duration | None,
        typer.Option(
            parser=parsed_duration, metavar="DURATION", show_default=False,
            help='Begin nothing more after so long, such as "2h", and end.',
        ),
    ] = None,
    idle_exit: Annotated[
        _Duration | None,
        typer.Option(
            parser=parsed_duration, metavar="DURATION", show_default=False,
            help="End after so long without anything to run. What is delayed for longer is not "
            "waited for.",
        ),
    ] = None,
    grace: Annotated[
        _Duration | None,
        typer.Option(
            parser=parsed_duration, metavar="DURATION", show_default="as long as it takes",
            help="When ending, interrupt what still runs after so long.",
        ),
    ] = None,
    metrics: Annotated[
        Any | None,
        typer.Option(
            parser=metrics_address, metavar="[ADDRESS:]PORT", show_default=False,
            help="Serve its metrics to Prometheus, on this machine unless an address is given.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="The log as JSON on stdout, one object a line.")
    ] = False,
) -> None:  # fmt: skip
    if executor and (threads or processes):
        raise typer.BadParameter(
            "the cluster tells how many run at a time: leave --threads and --processes out",
            param_hint="--executor",
        )
    with (
        nullcontext() if processes or executor else reading_back(),
        log_lines(as_json=as_json) as log,
        executor_on(executor, scheduler) as cluster,
        open_gator(dsn) as gator,
    ):
        one = ServingWorker(
            gator, max_tasks, queue or EVERY, threads=threads, processes=processes,
            executor=cluster, name=_free_name(gator, name), grace=grace, asked_name=name,
            has={kind: amount for one in has or () for kind, amount in one.items()},
        )  # fmt: skip
        with ExitStack() as beside:
            beside.enter_context(Limits(one, max_time, idle_exit))
            beside.enter_context(metrics_of(one, metrics))
            if log.terminal is not None:
                beside.enter_context(status_line(one, log))
            code = one.run_forever()
    raise typer.Exit(code)


def _free_name(gator: Gator, name: str | None) -> str | None:
    """The name, followed by a number where living workers have it already."""
    if name is None:
        return None
    taken = {one.presence.name for one in workers(gator.backend)}
    return next(one for one in _numbered(name) if one not in taken)


def _numbered(name: str) -> Iterable[str]:
    number = 1
    yield name
    while True:
        number += 1
        yield f"{name}-{number}"
