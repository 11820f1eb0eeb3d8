"""Serving the dashboard from this process: to this machine, or to whoever has its secret."""

import asyncio
import logging
import os
import secrets
import signal
import socket
import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import panel as pn
from tornado.websocket import WebSocketClosedError

from ..errors import GatorError
from .access import Access, Door
from .app import TITLE, create_app
from .metrics import ANY, PATH, Metrics
from .secret import Secret, password, password_in
from .secret import token as token_of
from .store import open_shared, resolved

ADDRESS = "127.0.0.1"
USUAL_PORT = 5006
TOKEN = "GATOR_NB_DASHBOARD_TOKEN"  # noqa: S105 -- its name
PASSWORD = "GATOR_NB_DASHBOARD_PASSWORD"  # noqa: S105 -- its name
_LONGEST_SOCKET = 103
_SESSION_LIFETIME = 15_000
"""Milliseconds that a session outlives its browser's connection: a moment without a network comes
back to it. A page that comes later begins anew where its address says."""


class CannotServe(GatorError):
    """The dashboard cannot be served as asked; the text has the mend."""


def serve(
    dsn: str | None = None,
    *,
    port: int | None = None,
    address: str = ADDRESS,
    unix_socket: Path | None = None,
    show: bool = True,
    read_only: bool = False,
    token: str | None = None,
    password_file: Path | None = None,
    ask_password: Callable[[], str] | None = None,
    origins: Sequence[str] = (),
    tell: Callable[[str], None] = print,
) -> None:
    """Serve the dashboard of a store until this process is interrupted.

    Args:
        dsn: the store's address; None is `$GATOR_NB_CONN`, else the user's own store.
        port: 0 is any free one; None is 5006, or any free one where that is taken.
        address: one that others can reach asks for a token or password.
        unix_socket: listen there instead, where no other user of this machine comes.
        show: open it in a browser.
        read_only: nobody can cancel, retry or the like.
        token: what whoever comes must know; None is `$GATOR_NB_DASHBOARD_TOKEN`, else, off this
            machine, a new one that is told.
        password_file: has a password to ask for in place of a token, in plain or hashed; None is
            `$GATOR_NB_DASHBOARD_PASSWORD`.
        ask_password: asked for one where that file is not there; its hash is kept in it.
        origins: more "host:port" that browsers may come by, such as that of a proxy.
        tell: takes the lines for the user.

    Raises:
        UnknownScheme, StoreUnavailable, StoreCorrupt, StoreVersion: the store cannot be shown.
        CannotServe: the port is taken, or the address is no address of this machine.
        BadSecret: the token or password is short enough to be guessed, or its file is not there or
            open to others.
    """
    store = resolved(dsn)
    open_shared(store).close()
    secret = _secret(address, token, password_file, ask_password)
    chosen = choose_port(address, port) if unix_socket is None else _made_way(unix_socket)
    hosts = _hosts(address)
    url = f"http://{hosts[0]}:{chosen}/" if unix_socket is None else f"unix:{unix_socket}"
    page = partial(create_app, store, read_only=read_only)
    allowed = [*(f"{host}:{chosen}" for host in hosts), *origins]
    if unix_socket is not None:  # a proxy's, which knows by which name browsers come
        allowed = list(origins) or [ANY]
    server = make_server(page, address, chosen, allowed, secret, store, unix_socket=unix_socket)
    with _until_told_to_end(server) as run:
        tell(_welcome(url, secret, read_only=read_only))
        if show and unix_socket is None:
            webbrowser.open(_link(url, secret))
        run()
    if unix_socket is not None:
        unix_socket.unlink(missing_ok=True)


def make_server(
    create: Callable[[], Any],
    address: str,
    port: int,
    origins: list[str],
    secret: Secret | None,
    dsn: str,
    *,
    prefix: str = "",
    unix_socket: Path | None = None,
) -> Any:
    """A server of this page that has not started.

    Args:
        origins: the "host:port" that a browser's address may show; no other page gets through.
        dsn: the store that `/metrics` tells of.
        unix_socket: listen there in place of the port.
        prefix: what every path begins with; one that nobody can guess keeps out who was not told.
    """

    def page() -> Any:  # Panel takes nothing but a plain function for a factory
        return create()

    door = None if secret is None else Door(secret)
    more: dict[str, Any] = {"address": address, "port": port}
    if unix_socket is not None:
        more = {"unix_socket": str(unix_socket)}
    if door is not None:
        more |= {"auth_provider": Access(door), "cookie_secret": secrets.token_hex(32)}
    with _without_wildcard_warning():
        return pn.serve(
            {"/": page},
            websocket_origin=origins,
            title=TITLE,
            show=False,
            start=False,
            verbose=False,
            extra_patterns=[(PATH, Metrics, {"dsn": dsn, "door": door, "hosts": origins})],
            unused_session_lifetime_milliseconds=_SESSION_LIFETIME,
            prefix=prefix,
            **more,
        )


@contextmanager
def _without_wildcard_warning() -> Iterator[None]:
    """Bokeh warns of servers that any page may talk to; none without the secret finds this one."""
    logger = logging.getLogger("bokeh.server.util")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


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


def _secret(
    address: str, token: str | None, file: Path | None, ask: Callable[[], str] | None
) -> Secret | None:
    if file is not None:
        return password_in(file, ask)
    if not token and (kept := os.environ.get(PASSWORD)):
        return password(kept)
    if told := token or os.environ.get(TOKEN):
        return token_of(told)
    return None if _alone(address) else token_of(secrets.token_urlsafe(24))


def _link(url: str, secret: Secret | None) -> str:
    """What opens the page here; a password is typed."""
    known = secret is not None and secret.kind == "token"
    return f"{url}login?token={secret.kept}" if secret is not None and known else url


def _alone(address: str) -> bool:
    """Nobody else can reach it."""
    try:
        return address == "localhost" or ip_address(address).is_loopback
    except ValueError:
        return False


def _hosts(address: str) -> list[str]:
    """How a browser may name this address, the best way first."""
    if address in ("0.0.0.0", "::", ""):  # noqa: S104 -- asked for, and told about
        name = socket.gethostname()
        return list(dict.fromkeys([name.lower(), socket.getfqdn().lower(), *_addresses(name)]))
    return [f"[{address}]" if ":" in address else address.lower()]


def _addresses(name: str) -> list[str]:
    try:
        return [str(one) for one in socket.gethostbyname_ex(name)[2]]
    except OSError:
        return []


def _made_way(unix_socket: Path) -> int:
    """Whether a socket can be made there; its port is 0.

    Raises:
        CannotServe: something else is there, or its path is too long for the system.
    """
    if unix_socket.exists() and not unix_socket.is_socket():
        raise CannotServe(f"{unix_socket} is there already, and is no socket: give another path")
    if len(os.fsencode(unix_socket.absolute())) > _LONGEST_SOCKET:
        raise CannotServe(f"{unix_socket}: the system takes {_LONGEST_SOCKET} bytes for a socket")
    return 0


def _welcome(url: str, secret: Secret | None, *, read_only: bool) -> str:
    lines = [f"{TITLE}: {url}{' (read-only)' if read_only else ''}"]
    if secret is not None:
        told = secret.kept if secret.kind == "token" else "the one that you chose"
        lines.append(f"{secret.kind.capitalize()}: {told}")
        lines.append(
            "It travels unencrypted: where the network is not yours, serve on 127.0.0.1 and use "
            "`ssh -L 5006:127.0.0.1:5006 this-machine`."
        )
    return "\n".join([*lines, "Ctrl-C ends it."])


def choose_port(address: str, port: int | None) -> int:
    """The port to serve on: the one asked for, else the usual one, else any that is free.

    Raises:
        CannotServe: the one asked for cannot be used, or the address is none of this machine.
    """
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
