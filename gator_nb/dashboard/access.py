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
"""Seconds until it is told."""
_AT_ONCE = 4
"""Tries that are looked at at the same time: nobody makes many."""

_ASKED = {
    "token": {"$TOLD": "The terminal that serves this dashboard told its token.",
              "$KIND": "token", "$LABEL": "Token"},
    "password": {"$TOLD": "Whoever serves this dashboard chose a password for it.",
                 "$KIND": "password", "$LABEL": "Password"},
}  # fmt: skip


class Door:
    """Looks at what is given for the secret, few at a time; a wrong one is told late, whichever way
    it came."""

    def __init__(self, secret: Secret) -> None:
        self.kind = secret.kind
        self._secret = secret
        self._tries = asyncio.Semaphore(_AT_ONCE)

    async def opens_to(self, given: str) -> bool:
        """Whether that is the secret; off the loop, as hashing a password takes a while."""
        async with self._tries:
            fits = await asyncio.to_thread(self._secret.is_given, given)
            if not fits:
                await asyncio.sleep(_AFTER_A_WRONG_ONE)
        return fits


class Access(AuthProvider):
    """Lets in whoever brings the secret, and knows them by a signed cookie from then on."""

    def __init__(self, door: Door) -> None:
        self._handler = type("Login", (_Login,), {"door": door})
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

    door: Door

    async def get(self) -> None:
        if self.door.kind == "token" and self.get_argument("token", ""):
            await self.post()
        else:
            self._ask("")

    async def post(self) -> None:
        kind = self.door.kind
        given = self.get_argument(kind, "") if kind == "token" else self.get_body_argument(kind, "")
        if await self.door.opens_to(given):
            self.set_signed_cookie(
                _COOKIE, _HOLDER, expires_days=_DAYS, httponly=True, samesite="Lax"
            )
            self.redirect(_page(self.get_argument("next", "")))
            return
        self.set_status(403)
        self._ask(f"That is not the {kind} of this dashboard.")

    def _ask(self, trouble: str) -> None:
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        page = files(__package__).joinpath("login.html").read_text(encoding="utf-8")
        where = escape(_page(self.get_argument("next", "")), quote=True)
        for place, text in (*_ASKED[self.door.kind].items(), ("$TROUBLE", escape(trouble))):
            page = page.replace(place, text)
        self.write(page.replace("$NEXT", where))


def _page(address: str) -> str:
    """The page, as seen from the form, with what an address asks of it: a link must not lead
    elsewhere, and a proxy may have put both anywhere.

    >>> _page("/behind/?task=3f2a"), _page("https://elsewhere/"), _page("//elsewhere/?q=a")
    ('./?task=3f2a', './', './?q=a')
    """
    asked = urlsplit(address).query
    return f"./?{asked}" if asked else "./"
