"""Serving the dashboard from this process, to this machine."""

import asyncio
import signal
import socket
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from typing import Any

import panel as pn
from tornado.websocket import WebSocketClosedError

from ..errors import GatorError
from .app import TITLE, create_app
from .store import open_shared, resolved

USUAL_PORT = 5006
_SESSION_LIFETIME = 60_000
"""Milliseconds that a session outlives its browser's connection: a closed lid comes back to it."""


class CannotServe(GatorError):
    """The dashboard cannot be served as asked; the text has the mend."""


def serve(
    dsn: str | None = None,
    *,
    port: int | None = None,
    address: str = "127.0.0.1",
    show: bool = True,
    tell: Callable[[str], None] = print,
) -> None:
    """Serve the dashboard of a store until this process is interrupted.

    Args:
        dsn: the store's address; None is `$GATOR_NB_CONN`, else the user's own store.
        port: 0 is any free one; None is 5006, or any free one where that is taken.
        address: of this machine alone.
        show: open it in a browser.
        tell: takes the lines for the user.

    Raises:
        UnknownScheme, StoreUnavailable, StoreCorrupt, StoreVersion: the store cannot be shown.
        CannotServe: the address is not of this machine alone, or the port is taken.
    """
    store = resolved(dsn)
    open_shared(store).close()
    _refuse_others(address)
    chosen = _choose_port(address, port)
    host = f"[{address}]" if ":" in address else address
    url = f"http://{host}:{chosen}/"
    server = _server(store, address, chosen, f"{host}:{chosen}")
    with _until_told_to_end(server) as run:
        tell(f"{TITLE}: {url}\nCtrl-C ends it.")
        if show:
            webbrowser.open(url)
        run()


def _server(store: str, address: str, port: int, origin: str) -> Any:
    def page() -> Any:  # Panel takes nothing but a plain function for a factory
        return create_app(store)

    return pn.serve(
        {"/": page},
        address=address,
        port=port,
        websocket_origin=[origin],
        title=TITLE,
        show=False,
        start=False,
        verbose=False,
        unused_session_lifetime_milliseconds=_SESSION_LIFETIME,
    )


@contextmanager
def _until_told_to_end(server: Any) -> Iterator[Callable[[], None]]:
    """Serve from here on; what it yields returns at a signal, one that came before it included."""
    loop = server.io_loop
    loop.asyncio_loop.set_exception_handler(_without_closed_sockets)
    stop = partial(loop.add_callback_from_signal, loop.stop)
    before = {
        number: signal.signal(number, lambda *_: stop())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    server.start()
    try:
        yield loop.start
    finally:
        server.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def _without_closed_sockets(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A browser that leaves in the middle of a message is no news."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


def _refuse_others(address: str) -> None:
    try:
        alone = address == "localhost" or ip_address(address).is_loopback
    except ValueError:
        alone = False
    if not alone:
        raise CannotServe(
            f"{address} can be reached by others, and whoever sees this page can cancel: use "
            "127.0.0.1, and from elsewhere `ssh -L 5006:127.0.0.1:5006 this-machine`"
        )


def _choose_port(address: str, port: int | None) -> int:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for candidate in (USUAL_PORT, 0) if port is None else (port,):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, candidate))
            except OSError as error:
                reason = error.strerror
                continue
            return int(probe.getsockname()[1])
    raise CannotServe(f"port {port} of {address} cannot be used ({reason}): --port 0 takes any")
