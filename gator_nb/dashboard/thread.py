"""The dashboard of a store, served from a thread of this process: it lives while a cell blocks.

Every path of it begins with a secret of its own: other users of this machine reach the port, and do
not find the page. (A cookie would not do: the frame of 127.0.0.1 in a page of localhost gets none.)
"""

import asyncio
import secrets
import threading
from functools import partial
from html import escape
from typing import Any

from tornado.ioloop import IOLoop

from .. import pages
from .app import TITLE, create_app
from .metrics import ANY
from .reach import place_of_pages, proxied
from .server import ADDRESS, choose_port, make_server
from .store import open_shared, resolved

_STARTS_WITHIN = 30.0
_HEIGHT = 760
_SECRET_BYTES = 24


class ServedDashboard:
    """A dashboard that this process serves to this machine. As the last value of a cell it is
    the page itself.

    Attributes:
        url: where a browser of this machine finds it. Whoever knows it may do what you may.
        proxied_url: where others find it, through the Jupyter server; None where nothing passes
            it on.
    """

    def __init__(self, dsn: str | None = None, *, read_only: bool = False) -> None:
        """Start to serve, on a port that is free.

        Raises:
            UnknownScheme, StoreUnavailable, StoreCorrupt, StoreVersion: the store cannot be shown.
            ValueError: `$GATOR_NB_DASHBOARD_URL` names what is not there.
        """
        store = resolved(dsn)
        open_shared(store).close()
        self._store = store
        self._page = partial(create_app, store, read_only=read_only)
        self._port = choose_port(ADDRESS, None)
        self._prefix = secrets.token_urlsafe(_SECRET_BYTES)
        self.url = f"http://{ADDRESS}:{self._port}/{self._prefix}/"
        behind = proxied(self._port)
        self.proxied_url = None if behind is None else f"{behind}{self._prefix}/"
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
        if place_of_pages() != "Colab":
            pages.opened(store, self._for_browsers)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def _for_browsers(self) -> str:
        return self.proxied_url or self.url

    def close(self) -> None:
        """End it. May be repeated."""
        if self._loop is not None and self.running:
            self._loop.add_callback(self._loop.stop)
            self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        self._loop = IOLoop.current()
        try:
            server = self._make_server()
        except BaseException as error:  # noqa: BLE001 -- raised where it was asked for
            self._failed = error
            self._ready.set()
            return
        server.start()
        self._ready.set()
        self._loop.start()
        pages.closed(self._store, self._for_browsers)
        _forget_sessions(server)
        server.stop()
        self._loop.close()

    def _make_server(self) -> Any:
        """Through a proxy a browser comes by a name that this process does not know: the Jupyter
        server looks at it, and the secret does here."""
        origins = [f"{ADDRESS}:{self._port}"] if self.proxied_url is None else [ANY]
        return make_server(
            self._page, ADDRESS, self._port, origins, None, self._store, prefix=self._prefix
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._html(place_of_pages())}

    def _html(self, place: str) -> str:
        """The page in a frame, and links; only the link or a word where no frame would show it."""
        if place == "Colab":
            return f"<div>{_IN_COLAB}</div>"
        here = _link(self.url, "Open it in a tab of its own")
        if self.proxied_url is not None:
            here = _link(self.proxied_url, "Open it in a tab of its own")
            here += " · " + _link(self.url, "the same on the machine of this kernel")
        frame = (
            f'<iframe src="{escape(self._for_browsers, quote=True)}" title="{TITLE}" '
            f'width="100%" height="{_HEIGHT}" '
            'style="border: 1px solid #8884; border-radius: 8px"></iframe>'
        )
        return f"{'' if place else frame}<div>{here}</div>"

    def __repr__(self) -> str:
        return f"Dashboard: {self.url}" + ("" if self.running else " (closed)")


_IN_COLAB = (
    "Colab lets no page of this kernel through: the cards and <code>%gator</code> show and stop "
    "tasks here, and <code>gator-nb dashboard</code> on a machine that shares the store."
)


def _link(url: str, text: str) -> str:
    return f'<a href="{escape(url, quote=True)}" target="_blank" rel="noreferrer">{text}</a>'


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
