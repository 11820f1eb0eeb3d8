"""Who may see a dashboard that others can reach: whoever has its token or password."""

import asyncio
from collections.abc import Callable
from html import escape
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from bokeh.server.auth_provider import AuthProvider, User
from tornado.web import RequestHandler

from .secret import Secret

LOGIN = "/login"
_COOKIE = "gator_nb_dashboard"
_HOLDER = "holder"
_DAYS = 7
_AFTER_A_WRONG_ONE = 1.0
"""Seconds."""
_AT_ONCE = 4
"""Tries that are looked at at the same time: nobody makes many."""


_ASKED = {
    "token": {"$TOLD": "The terminal that serves this dashboard told its token.",
              "$KIND": "token", "$LABEL": "Token"},
    "password": {"$TOLD": "Whoever serves this dashboard chose a password for it.",
                 "$KIND": "password", "$LABEL": "Password"},
}  # fmt: skip


class Access(AuthProvider):
    """Lets in whoever brings the secret, and knows them by a signed cookie from then on."""

    def __init__(self, secret: Secret) -> None:
        tries = asyncio.Semaphore(_AT_ONCE)
        self._handler = type("Login", (_Login,), {"secret": secret, "tries": tries})
        super().__init__()

    @property
    def get_user(self) -> Callable[[Any], Any]:
        def user(handler: RequestHandler) -> User | None:
            return User(_HOLDER) if is_holder(handler) else None

        return user

    @property
    def login_url(self) -> str:
        return LOGIN

    @property
    def login_handler(self) -> type[RequestHandler]:
        return self._handler


def is_holder(handler: RequestHandler) -> bool:
    """Whether a request comes from a browser that has brought the secret."""
    return handler.get_signed_cookie(_COOKIE, max_age_days=_DAYS) is not None


class _Login(RequestHandler):
    """Asks for the secret. A link that carries a token is taken too, which leaves the address;
    a password never stands in one."""

    secret: Secret
    tries: asyncio.Semaphore

    async def get(self) -> None:
        if self.secret.kind == "token" and self.get_argument("token", ""):
            await self.post()
        else:
            self._ask("")

    async def post(self) -> None:
        kind = self.secret.kind
        given = self.get_argument(kind, "") if kind == "token" else self.get_body_argument(kind, "")
        if await self._fits(given):
            self.set_signed_cookie(
                _COOKIE, _HOLDER, expires_days=_DAYS, httponly=True, samesite="Lax"
            )
            self.redirect(_local(self.get_argument("next", "/")))
            return
        self.set_status(403)
        self._ask(f"That is not the {kind} of this dashboard.")

    async def _fits(self, given: str) -> bool:
        """Off the loop: a password's hash takes a while, by design."""
        async with self.tries:
            fits = await asyncio.to_thread(self.secret.is_given, given)
            if not fits:
                await asyncio.sleep(_AFTER_A_WRONG_ONE)
        return fits

    def _ask(self, trouble: str) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        page = files(__package__).joinpath("login.html").read_text(encoding="utf-8")
        where = escape(_local(self.get_argument("next", "/")), quote=True)
        for place, text in (*_ASKED[self.secret.kind].items(), ("$TROUBLE", escape(trouble))):
            page = page.replace(place, text)
        self.write(page.replace("$NEXT", where))


def _local(address: str) -> str:
    """An address of this server: a link must not lead elsewhere.

    >>> _local("/?task=3f2a"), _local("https://elsewhere/"), _local("//elsewhere/")
    ('/?task=3f2a', '/', '/')
    """
    parts = urlsplit(address)
    local = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if local and not parts.scheme and not parts.netloc else "/"
