"""The bar: which store, who is alive, how fresh the page is."""

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

    _esm = script("bar")
    _stylesheets = style("bar")


def bar(state: Session) -> Any:
    """The bar of a session."""
    return Bar(
        store=without_credentials(state.dsn),
        workers=derived(lambda counts: counts.get("workers", 0), state.param.counts),
        health=state.param.health,
        seen_at=state.param.seen_at,
        sizing_mode="stretch_width",
    )
