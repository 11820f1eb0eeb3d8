"""The dashboard of a store, served from a thread of this process: it lives while a cell blocks."""

import asyncio
import threading
from functools import partial
from html import escape
from typing import Any

from tornado.ioloop import IOLoop

from .app import create_app
from .server import ADDRESS, choose_port, make_server
from .store import open_shared, resolved

_STARTS_WITHIN = 30.0
_HEIGHT = 760


class ServedDashboard:
    """A dashboard that this process serves to this machine. As the last value of a cell it is
    the page itself.

    Attributes:
        url: where a browser of this machine finds it.
    """

    def __init__(self, dsn: str | None = None, *, read_only: bool = False) -> None:
        """Start to serve, on a port that is free.

        Raises:
            UnknownScheme, StoreUnavailable, StoreCorrupt, StoreVersion: the store cannot be shown.
        """
        store = resolved(dsn)
        open_shared(store).close()
        self._store = store
        self._page = partial(create_app, store, read_only=read_only)
        self._port = choose_port(ADDRESS, None)
        self.url = f"http://{ADDRESS}:{self._port}/"
        self._loop: IOLoop | None = None
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(
            target=self._serve, name="gator_nb dashboard server", daemon=True
        )
        self._thread.start()
        self._ready.wait(_STARTS_WITHIN)
        if self._failed is not None:
            raise self._failed

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        """End it. May be repeated."""
        if self._loop is not None and self.running:
            self._loop.add_callback(self._loop.stop)
            self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        self._loop = IOLoop.current()
        try:
            hosts = [f"{ADDRESS}:{self._port}"]
            server = make_server(self._page, ADDRESS, self._port, hosts, None, self._store)
        except BaseException as error:  # noqa: BLE001 -- raised where it was asked for
            self._failed = error
            self._ready.set()
            return
        server.start()
        self._ready.set()
        self._loop.start()
        _forget_sessions(server)
        server.stop()
        self._loop.close()

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        url = escape(self.url, quote=True)
        frame = (
            f'<iframe src="{url}" title="Gator queue" width="100%" height="{_HEIGHT}" '
            'style="border: 1px solid #8884; border-radius: 8px"></iframe>'
        )
        link = f'<a href="{url}" target="_blank">Open it in a tab of its own</a>'
        return {"text/plain": repr(self), "text/html": f"{frame}<div>{link}</div>"}

    def __repr__(self) -> str:
        return f"Dashboard: {self.url}" + ("" if self.running else " (closed)")


def _forget_sessions(server: Any) -> None:
    """Tell each page that it is over: a server that stops does not."""
    for session in server.get_sessions():
        document = session.document
        for tell in list(document.session_destroyed_callbacks):
            tell(document.session_context)


_served: dict[tuple[str, bool], ServedDashboard] = {}
_lock = threading.Lock()


def dashboard(dsn: str | None = None, *, read_only: bool = False) -> ServedDashboard:
    """The dashboard of a store as served by this process; asked again, the same one.

    Raises:
        UnknownScheme, StoreUnavailable, StoreCorrupt, StoreVersion: the store cannot be shown.
    """
    key = resolved(dsn), read_only
    with _lock:
        served = _served.get(key)
        if served is None or not served.running:
            served = _served[key] = ServedDashboard(key[0], read_only=read_only)
        return served
