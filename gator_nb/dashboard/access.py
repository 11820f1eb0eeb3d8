"""Who may see a dashboard that others can reach: whoever has its token."""

import asyncio
import hmac
from collections.abc import Callable
from html import escape
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from bokeh.server.auth_provider import AuthProvider, User
from tornado.web import RequestHandler

LOGIN = "/login"
_COOKIE = "gator_nb_dashboard"
_HOLDER = "holder"
_DAYS = 7
_AFTER_A_WRONG_ONE = 1.0
"""Seconds: nobody tries many."""


class TokenAccess(AuthProvider):
    """Lets in whoever brings the token, and knows them by a signed cookie from then on."""

    def __init__(self, token: str) -> None:
        self._handler = type("Login", (_Login,), {"token": token})
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
    """Whether a request comes from a browser that has brought the token."""
    return handler.get_signed_cookie(_COOKIE, max_age_days=_DAYS) is not None


class _Login(RequestHandler):
    """Asks for the token. A link that carries it is taken too, and the token leaves the address."""

    token = ""

    async def get(self) -> None:
        if self.get_argument("token", ""):
            await self.post()
        else:
            self._ask("")

    async def post(self) -> None:
        given = self.get_argument("token", "")
        if hmac.compare_digest(given.encode(), self.token.encode()):
            self.set_signed_cookie(
                _COOKIE, _HOLDER, expires_days=_DAYS, httponly=True, samesite="Lax"
            )
            self.redirect(_local(self.get_argument("next", "/")))
            return
        await asyncio.sleep(_AFTER_A_WRONG_ONE)
        self.set_status(403)
        self._ask("That is not the token of this dashboard.")

    def _ask(self, trouble: str) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        page = files(__package__).joinpath("login.html").read_text(encoding="utf-8")
        where = escape(_local(self.get_argument("next", "/")), quote=True)
        self.write(page.replace("$TROUBLE", escape(trouble)).replace("$NEXT", where))


def _local(address: str) -> str:
    """An address of this server: a link must not lead elsewhere.

    >>> _local("/?task=3f2a"), _local("https://elsewhere/"), _local("//elsewhere/")
    ('/?task=3f2a', '/', '/')
    """
    parts = urlsplit(address)
    local = address.startswith("/") and not address.startswith(("//", "/\\"))
    return address if local and not parts.scheme and not parts.netloc else "/"
