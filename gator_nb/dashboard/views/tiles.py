"""The tiles: how many tasks stand where; each filters the table."""

from typing import Any

import param
from panel.custom import JSComponent

from ..query import STATUSES_OF
from ..state import Session
from ..summary import WORKERS
from .source import script, style

TILES = (*STATUSES_OF, WORKERS)


class Tiles(JSComponent):
    """Answers a click with `{"show": tile}`."""

    tiles = param.List(default=[])
    counts = param.Dict(default={})
    shown = param.String()

    _esm = script("tiles")
    _stylesheets = style("tiles")

    def __init__(self, state: Session, **params: Any) -> None:
        self._state = state
        super().__init__(**params)

    def _handle_msg(self, msg: Any) -> None:
        tile = msg.get("show") if isinstance(msg, dict) else None
        if tile in TILES:
            self._state.show(tile)


def tiles(state: Session) -> Any:
    """The tiles of a session."""
    return Tiles(
        state,
        tiles=list(TILES),
        counts=state.param.counts,
        shown=state.param.shown,
        sizing_mode="stretch_width",
    )
