"""The bar: which store, who is alive, how fresh the page is."""

import hashlib
import shlex
from collections.abc import Collection, Mapping
from typing import Any

import param
from panel.custom import JSComponent

from ...masking import masked
from ...profiles import as_typed
from ..state import Session
from ..text import safe
from .derived import derived
from .source import script, style

DARK = "gator_nb_dark"
"""A cookie: with it a page begins as it ended, and does not flash up light in a dark room."""
_QUEUES = 100
"""Queues that the list of the bar shows; the others are counted."""


class Bar(JSComponent):
    """Ages by itself: a page whose server is gone says so, and greys.

    Answers `{"pause" | "resume": id of a queue}`.
    """

    title = param.String(default="Gator queue")
    store = param.String()
    workers = param.Integer(doc="How many live.")
    silent = param.Integer(doc="How many have not been heard of for a while.")
    health = param.String()
    seen_at = param.Number(default=0.0)
    queues = param.List(default=[], doc="Each with id, name, queued and paused.")
    more_queues = param.Integer(default=0)
    read_only = param.Boolean(default=False)
    share = param.String(doc="The command that shows the same store to others.")
    dark = param.Boolean(default=False, doc="What the browser's system, or its person, prefers.")

    dark_cookie = param.String()

    _esm = script("keys", "scheme", "bar")
    _stylesheets = style("bar", "keys")

    def __init__(self, state: Session, **params: Any) -> None:
        self._state = state
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        match msg:
            case {"pause": str(asked)}:
                self._pause(asked, on=True)
            case {"resume": str(asked)}:
                self._pause(asked, on=False)

    def _pause(self, asked: str, *, on: bool) -> None:
        for name in (*self._state.queues, *self._state.paused):
            if queue_id(name) == asked:
                self._state.pause(name, on=on)
                return


def bar(state: Session, *, dark: bool = False) -> Any:
    """The bar of a session; `dark` is how its browser was last told to show it."""
    told = state.param
    return Bar(
        state,
        queues=derived(queue_rows, told.queues, told.paused),
        more_queues=derived(
            lambda queues, paused: max(0, len({*queues, *paused}) - _QUEUES),
            told.queues, told.paused,
        ),
        store=masked(state.dsn),
        workers=derived(lambda seen: sum(one.life != "silent" for one in seen), told.workers),
        silent=derived(lambda seen: sum(one.life == "silent" for one in seen), told.workers),
        health=state.param.health,
        seen_at=state.param.seen_at,
        read_only=state.read_only,
        dark=dark,
        dark_cookie=DARK,
        share=share_command(as_typed(state.dsn)),
        sizing_mode="stretch_width",
    )  # fmt: skip


def queue_rows(queues: Mapping[str, int], paused: Collection[str]) -> list[dict[str, Any]]:
    """The queues, those that are paused first. A click names the id of one."""
    names = list(dict.fromkeys([*paused, *queues]))[:_QUEUES]
    return [
        {
            "id": queue_id(name),
            "name": safe(name, 60),
            "queued": queues.get(name, 0),
            "paused": name in paused,
        }
        for name in names
    ]


def queue_id(name: str) -> str:
    """Stands for a queue of whatever name: names may be long, and what was sent is sent back.

    >>> len(queue_id("etl" * 100_000))
    16
    """
    return hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).hexdigest()


def share_command(dsn: str) -> str:
    """What serves a store to whoever has the token, without letting anybody change it.

    >>> share_command("sqlite:///tasks.sqlite")
    'gator-nb dashboard sqlite:///tasks.sqlite --read-only --address 0.0.0.0'
    """
    return f"gator-nb dashboard {shlex.quote(dsn)} --read-only --address 0.0.0.0"
