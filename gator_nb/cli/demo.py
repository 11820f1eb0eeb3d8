"""`gator-nb demo`."""

import os
import secrets
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from .. import settings
from ..constants import EVERY
from ..gator import Gator
from ..states import TERMINAL
from ..workers.worker import Worker
from .arguments import UnixSocket
from .demo_tasks import push_work

_PROCESSES = 3
_ENDS_WITHIN = 0.5
"""Seconds that what runs is given, once it has been canceled."""

_WELCOME = """\
A small laboratory on a queue of its own: nets that train, data that loads, a service that fails.
Cancel what runs, open a task, filter; nothing of yours is touched."""


def demo(
    port: Annotated[
        int | None,
        typer.Option(help="0 is any free one; without it 5006, or any where that is taken."),
    ] = None,
    unix_socket: UnixSocket = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
) -> None:
    typer.echo(_WELCOME)
    with suppress(KeyboardInterrupt), _sigterm_as_ctrl_c(), _laboratory() as store:
        from ..dashboard.server import serve

        serve(store, port=port, unix_socket=unix_socket, show=browser, tell=typer.echo)
    typer.echo("the demo has ended, and its store is gone")


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    """Before its page is served, and after, as much as while it is."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _laboratory() -> Iterator[str]:
    """A store with work in it and a worker at it, for as long as it is open; its address."""
    os.environ[settings.KEY] = secrets.token_hex(32)  # of this process, and gone with it
    with tempfile.TemporaryDirectory(prefix="gator-demo-") as folder:
        address = f"sqlite:///{Path(folder, 'demo.sqlite')}"
        with Gator(address, "demo") as gator:
            push_work(gator)
            worker = Worker(gator, to_consume=EVERY, processes=_PROCESSES, name="laboratory")
            worker.start()
            try:
                yield address
            finally:
                gator.tasks(queue=EVERY).where(lambda task: task.status not in TERMINAL).cancel()
                worker.stop(_ENDS_WITHIN)
