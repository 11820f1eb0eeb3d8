"""The bar: which store, who is alive, how fresh the page is."""

import shlex
from typing import Any

import param
from panel.custom import JSComponent

from ..state import Session
from ..store import without_credentials
from .derived import derived
from .source import script, style


class Bar(JSComponent):
    """Ages by itself: a page whose server is gone says so, and greys."""

    title = param.String(default="Gator queue")
    store = param.String()
    workers = param.Integer()
    health = param.String()
    seen_at = param.Number(default=0.0)
    read_only = param.Boolean(default=False)
    share = param.String(doc="The command that shows the same store to others.")
    dark = param.Boolean(default=False, doc="What the browser's system, or its person, prefers.")

    _esm = script("bar")
    _stylesheets = style("bar")


def bar(state: Session) -> Any:
    """The bar of a session."""
    return Bar(
        store=without_credentials(state.dsn),
        workers=derived(lambda counts: counts.get("workers", 0), state.param.counts),
        health=state.param.health,
        seen_at=state.param.seen_at,
        read_only=state.read_only,
        share=share_command(without_credentials(state.dsn)),
        sizing_mode="stretch_width",
    )


def share_command(dsn: str) -> str:
    """What serves a store to whoever has the token, without letting anybody change it.

    >>> share_command("sqlite:///tasks.sqlite")
    'gator-nb dashboard sqlite:///tasks.sqlite --read-only --address 0.0.0.0'
    """
    return f"gator-nb dashboard {shlex.quote(dsn)} --read-only --address 0.0.0.0"
